import { onMounted, onUnmounted, shallowRef } from 'vue';
import { ApiError, getWhole } from '../api/client';

/**
 * Something of the daemon that pages show: fetched while a page shows it, again when it may have changed, and once at a
 * time. What was fetched last stays while the daemon is away.
 */
export class Resource<T> {
  readonly value = shallowRef<T>();
  /** Why the last fetch failed. */
  readonly problem = shallowRef<ApiError>();
  private users = 0;
  private running: Promise<void> | undefined;
  private again = false;
  private fetchedAtMs = -Infinity;

  /** @param restMs how long what was fetched is good enough when it may have changed */
  constructor(
    private readonly path: string,
    private readonly restMs = 0,
  ) {}

  /** To be called by a component's setup: keeps this fresh for as long as the component is mounted. */
  use(): this {
    onMounted(() => {
      this.users++;
      void this.refresh();
    });
    onUnmounted(() => this.users--);
    return this;
  }

  /** It may have changed: fetched when a page shows it. */
  invalidate(): void {
    if (this.users > 0 && performance.now() - this.fetchedAtMs >= this.restMs) {
      void this.refresh();
    }
  }

  /** Fetches it. Ends when what was fetched began after this call. */
  refresh(): Promise<void> {
    if (this.running) {
      this.again = true;
      return this.running;
    }
    this.running = this.fetchUntilFresh().finally(() => (this.running = undefined));
    return this.running;
  }

  private async fetchUntilFresh(): Promise<void> {
    do {
      this.again = false;
      this.fetchedAtMs = performance.now();
      try {
        this.value.value = await getWhole<T>(this.path);
        this.problem.value = undefined;
      } catch (e) {
        if (!(e instanceof ApiError)) {
          throw e;
        }
        this.problem.value = e;
        this.fetchedAtMs = -Infinity;
      }
    } while (this.again);
  }
}
