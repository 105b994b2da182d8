import { afterEach, describe, expect, it, vi } from 'vitest';
import { createApp } from 'vue';
import { Resource } from './resource';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Shows a resource, and counts how often the daemon is asked for it. */
async function shown(resource: Resource<unknown>, answer: () => Response): Promise<{ asked: number }> {
  const count = { asked: 0 };
  vi.stubGlobal('fetch', () => {
    count.asked++;
    return Promise.resolve(answer());
  });
  createApp({ setup: () => void resource.use(), render: () => null }).mount(document.createElement('div'));
  await resource.refresh();
  count.asked = 0;
  return count;
}

describe('what costs the daemon much', () => {
  it('rests after it was fetched, unless it is wanted', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const resource = new Resource<unknown>('peers', 10_000);
    const count = await shown(resource, () => new Response('[]'));
    vi.advanceTimersByTime(9_999);
    resource.invalidate();
    expect(count.asked).toBe(0);
    vi.advanceTimersByTime(1);
    resource.invalidate();
    expect(count.asked).toBe(1);
    await resource.refresh();
    expect(count.asked).toBe(2);
  });

  it('is asked for again at once when it could not be had', async () => {
    const resource = new Resource<unknown>('peers', 10_000);
    const count = await shown(resource, () => new Response('', { status: 503 }));
    resource.invalidate();
    expect(count.asked).toBe(1);
  });
});
