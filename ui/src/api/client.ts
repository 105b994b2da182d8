import { connected, lost, signedOut } from './connection';
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

/**
 * Asks the daemon.
 *
 * @param path relative to /api/v1, with its query
 * @throws ApiError for everything that is no success
 */
export async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  if (method !== 'GET' && csrf) {
    headers['X-CSRF-Token'] = csrf;
  }
  let response: Response;
  try {
    response = await fetch(apiUrl(path), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      cache: 'no-store',
      credentials: 'same-origin',
    });
  } catch (e) {
    if (signal?.aborted) {
      throw e;
    }
    lost();
    throw new ApiError(0, 'unreachable', 'the daemon cannot be reached; the page goes on trying');
  }
  return answer<T>(response, path);
}

async function answer<T>(response: Response, path: string): Promise<T> {
  if (GATEWAY_STATUSES.has(response.status)) {
    lost();
    throw new ApiError(0, 'unreachable', 'the daemon cannot be reached; the page goes on trying');
  }
  connected();
  const text = await response.text();
  if (response.ok) {
    return (text ? JSON.parse(text) : undefined) as T;
  }
  // A refused sign-in is an answer to whoever signs in, not the end of a session.
  if (response.status === 401 && path !== 'session') {
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
