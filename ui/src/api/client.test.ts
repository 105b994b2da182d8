import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, get, getWhole, postOnce } from './client';
import { connection, signedIn } from './connection';
import { Seen } from './seen';

interface Asked {
  url: string;
  headers: Record<string, string>;
}

/** Answers one after the other; nothing is an answer that is lost. */
function daemon(...answers: (Response | undefined)[]): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal('fetch', (url: string, init: { headers: Record<string, string> }) => {
    asked.push({ url, headers: init.headers });
    const next = answers.shift();
    return next ? Promise.resolve(next) : Promise.reject(new TypeError('lost'));
  });
  return asked;
}
const json = (value: unknown, headers: Record<string, string> = {}, status = 200) =>
  new Response(JSON.stringify(value), { status, headers: { 'Content-Type': 'application/json', ...headers } });

afterEach(() => vi.unstubAllGlobals());

describe('who signs in', () => {
  it('stays so when what was asked before is refused late', async () => {
    const answers: ((answer: Response) => void)[] = [];
    vi.stubGlobal('fetch', () => new Promise<Response>((answered) => answers.push(answered)));
    const before = get('vnvmes');
    signedIn();
    const after = get('vnvmes');
    const refuse = (n: number) => answers[n]?.(json({ code: 'not-signed-in' }, {}, 401));
    refuse(0);
    await expect(before).rejects.toThrow(ApiError);
    expect(connection.value).toBe('online');
    refuse(1);
    await expect(after).rejects.toThrow(ApiError);
    expect(connection.value).toBe('signed-out');
    signedIn();
  });
});

describe('what is made', () => {
  it('is asked for with the same key until there is an answer', async () => {
    const asked = daemon(undefined, json({ code: 'no-space', detail: 'no' }, {}, 409), json({}), json({}));
    await expect(postOnce('vnvmes', { name: 'a' })).rejects.toThrow(ApiError);
    await expect(postOnce('vnvmes', { name: 'a' })).rejects.toThrow('no');
    await postOnce('vnvmes', { name: 'a' });
    await postOnce('vnvmes', { name: 'a' });
    const keys = asked.map((request) => request.headers['Idempotency-Key']);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys.slice(0, 3)).toEqual([keys[0], keys[0], keys[0]]);
    expect(keys[3]).not.toBe(keys[0]);
  });
});

describe('what has no answer', () => {
  const silent = (_: string, init: { signal?: AbortSignal }) =>
    new Promise<Response>((_answered, failed) =>
      init.signal?.addEventListener('abort', () => failed(init.signal?.reason as Error)),
    );

  it('is given up in time, as if the daemon were away', async () => {
    vi.stubGlobal('fetch', silent);
    await expect(getWhole('vnvmes', 10)).rejects.toMatchObject({ unreachable: true });
    expect(connection.value).toBe('lost');
  });

  it('is no failure where nobody waits for it any more', async () => {
    vi.stubGlobal('fetch', silent);
    const control = new AbortController();
    const asked = get('vnvmes', control.signal);
    control.abort();
    await expect(asked).rejects.toThrow(DOMException);
  });

  it('or breaks off, is as good as none', async () => {
    const broken = new ReadableStream({ start: (body) => body.error(new TypeError('broken off')) });
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(broken)));
    await expect(get('vnvmes')).rejects.toMatchObject({ unreachable: true });
  });
});

describe('a list', () => {
  it('comes in as many parts as it has', async () => {
    const asked = daemon(
      json([1, 2], { Link: '</api/v1/vnvmes?limit=2&after=b>; rel="next"' }),
      json([3], { Link: '</api/v1/vnvmes?limit=2&after=c>; rel="next"' }),
      json([4]),
    );
    expect(await getWhole('vnvmes')).toEqual([1, 2, 3, 4]);
    expect(asked.map((request) => new URL(request.url).search)).toEqual(['', '?limit=2&after=b', '?limit=2&after=c']);
  });
});

describe('what one has seen', () => {
  it('is changed only while it is still like that', async () => {
    const asked = daemon(json({}, { ETag: '"x"' }), json({}), json({}));
    const seen = new Seen('vnvmes', 'a b');
    await seen.post('resize', { sizeBytes: 1 });
    expect(asked.map((request) => new URL(request.url).pathname)).toEqual([
      expect.stringMatching(/vnvmes\/a%20b$/),
      expect.stringMatching(/vnvmes\/a%20b\/resize$/),
    ]);
    expect(asked[1]?.headers['If-Match']).toBe('"x"');
  });

  it('is changed all the same when it could not be looked at', async () => {
    const asked = daemon(undefined, json({}));
    await new Seen('groups', 'g').post('', {});
    expect(asked[1]?.headers['If-Match']).toBeUndefined();
  });
});
