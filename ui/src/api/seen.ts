import { ApiError, exchange, segment } from './client';

/**
 * A change of what one has seen: the tag of a resource is taken when its dialog opens, and sent with the change, which the daemon
 * refuses when somebody was faster.
 */
export class Seen {
  private readonly tag: Promise<string | undefined>;

  /** @param collection as in its path: `vnvmes` */
  constructor(
    collection: 'drives' | 'pools' | 'vnvmes' | 'snapshots' | 'groups',
    name: string,
    private readonly path = `${collection}/${segment(name)}`,
  ) {
    this.tag = this.look();
  }

  /** Without a tag nothing is refused: what is wrong shows with the change itself. */
  private async look(): Promise<string | undefined> {
    try {
      const { response } = await exchange('GET', this.path);
      return response.headers.get('ETag') ?? undefined;
    } catch (e) {
      if (!(e instanceof ApiError)) {
        throw e;
      }
      return undefined;
    }
  }

  /** @param action below the resource, such as `resize`; empty: the resource itself */
  async post<T>(action: string, body?: unknown): Promise<T> {
    return this.change<T>('POST', action ? `${this.path}/${action}` : this.path, body ?? {});
  }

  async remove<T>(query = ''): Promise<T> {
    return this.change<T>('DELETE', this.path + query);
  }

  private async change<T>(method: string, path: string, body?: unknown): Promise<T> {
    const tag = await this.tag;
    const { value } = await exchange<T>(method, path, { body, headers: tag ? { 'If-Match': tag } : {} });
    return value;
  }
}
