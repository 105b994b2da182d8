import { connected, lost, signedOut, signInCount } from './connection';
import type { Problem } from './types';

/** What the daemon refused, or that it could not be reached; the message is a line for the person who asked. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }

  /** Whether the daemon was not reached at all. */
  get unreachable(): boolean {
    return this.status === 0;
  }
}

/** Shows that the daemon was not reached. @returns what whoever asked is told */
function unreachable(): ApiError {
  lost();
  return new ApiError(0, 'unreachable', 'the daemon cannot be reached; the page goes on trying');
}

/** A proxy's words for a daemon that is not there. */
const GATEWAY_STATUSES = new Set([502, 503, 504]);

/** What a session's requests that change something carry; empty outside of one. */
let csrf = '';

export function provideCsrf(value: string): void {
  csrf = value;
}

/** @returns the address of a resource of the API, relative to where the page is served */
export function apiUrl(path: string): string {
  const root = document.querySelector<HTMLMetaElement>('meta[name="vnvme-api"]')?.content ?? '../api/v1';
  return new URL(`${root}/${path}`, document.baseURI).href;
}

/** A name as a segment of a path. */
export function segment(name: string | number): string {
  return encodeURIComponent(String(name));
}

/** An answer: what it holds, and the rest of it. */
export interface Exchange<T> {
  value: T;
  response: Response;
}

/**
 * Asks the daemon.
 *
 * @param path relative to /api/v1, with its query
 * @throws ApiError for everything that is no success
 */
export async function exchange<T>(
  method: string,
  path: string,
  { body, headers, signal }: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Exchange<T>> {
  const all: Record<string, string> = { Accept: 'application/json', ...headers };
  if (body !== undefined) {
    all['Content-Type'] = 'application/json';
  }
  if (method !== 'GET' && csrf) {
    all['X-CSRF-Token'] = csrf;
  }
  const asked = signInCount();
  let response: Response;
  try {
    response = await fetch(apiUrl(path), {
      method,
      headers: all,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      cache: 'no-store',
      credentials: 'same-origin',
    });
  } catch (e) {
    if (signal?.aborted && !isTimeout(signal.reason)) {
      throw e;
    }
    throw unreachable();
  }
  return { value: await answer<T>(response, path, asked), response };
}

export async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  return (await exchange<T>(method, path, { body, signal })).value;
}

const isNamed = (e: unknown, name: string) => e instanceof DOMException && e.name === name;
/** Of a signal that is one of {@link AbortSignal.timeout}. */
const isTimeout = (reason: unknown) => isNamed(reason, 'TimeoutError');
const isAbort = (e: unknown) => isNamed(e, 'AbortError');

async function answer<T>(response: Response, path: string, asked: number): Promise<T> {
  if (GATEWAY_STATUSES.has(response.status)) {
    throw unreachable();
  }
  let text: string;
  try {
    text = await response.text();
  } catch (e) {
    if (isAbort(e)) {
      throw e;
    }
    // It broke off.
    throw unreachable();
  }
  connected();
  if (response.ok) {
    return (text ? JSON.parse(text) : undefined) as T;
  }
  // A refused sign-in is an answer to whoever signs in, and one to what was asked before that is no end of this session.
  if (response.status === 401 && path !== 'session' && asked === signInCount()) {
    signedOut();
  }
  throw problem(response, text);
}

function problem(response: Response, text: string): ApiError {
  if (response.headers.get('Content-Type')?.includes('json')) {
    const { code, detail, title } = JSON.parse(text) as Partial<Problem>;
    return new ApiError(
      response.status,
      code ?? 'unknown',
      detail || title || `the daemon answered ${response.status}`,
    );
  }
  return new ApiError(response.status, 'unknown', `the daemon answered ${response.status} ${response.statusText}`);
}

export const get = <T>(path: string, signal?: AbortSignal) => request<T>('GET', path, undefined, signal);
export const post = <T>(path: string, body?: unknown) => request<T>('POST', path, body ?? {});
export const remove = <T>(path: string) => request<T>('DELETE', path);

/** What has had no answer for so long is asked for again by whoever shows it. */
const WHOLE_LIMIT_MS = 20_000;

/** A list in as many parts as the daemon gives it in. Each has to come in time. */
export async function getWhole<T>(path: string, limitMs = WHOLE_LIMIT_MS): Promise<T> {
  const first = await exchange<T>('GET', path, { signal: AbortSignal.timeout(limitMs) });
  let next = nextPart(first.response);
  if (!next || !Array.isArray(first.value)) {
    return first.value;
  }
  const whole: unknown[] = [...(first.value as unknown[])];
  while (next) {
    const part: Exchange<unknown[]> = await exchange<unknown[]>('GET', `${path.split('?')[0]}?${next}`, {
      signal: AbortSignal.timeout(limitMs),
    });
    whole.push(...part.value);
    next = nextPart(part.response);
  }
  return whole as T;
}

/** The query that leads to it. The path is the daemon's own, which is not where the page finds it. */
function nextPart(response: Response): string | undefined {
  return /<[^>?]*\?([^>]*)>; rel="next"/.exec(response.headers.get('Link') ?? '')?.[1];
}

/** Keys of what was asked to be made, and has no answer yet. */
const wanted = new Map<string, string>();

/**
 * Makes something, once: when the answer is lost and the same is asked for again, the daemon knows it by its key, and answers what it
 * answered.
 */
export async function postOnce<T>(path: string, body: unknown): Promise<T> {
  const what = `${path} ${JSON.stringify(body)}`;
  const key = wanted.get(what) ?? newKey();
  wanted.set(what, key);
  const { value } = await exchange<T>('POST', path, { body, headers: { 'Idempotency-Key': key } });
  wanted.delete(what);
  return value;
}

function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
