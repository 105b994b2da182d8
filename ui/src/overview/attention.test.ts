import { describe, expect, it } from 'vitest';
import type { DriveInfo, JobInfo, PoolInfo, SystemInfo, VnvmeInfo } from '../api/types';
import { matters } from './attention';

const pool = (over: Partial<PoolInfo>) =>
  ({ name: 'p', state: 'online', sizeBytes: 100, usedBytes: 10, warnings: [], ...over }) as PoolInfo;
const endedAt = '2030-01-01T00:00:00Z';
const now = Date.parse(endedAt) + 1000;
const job = (id: number, state: string) =>
  ({ id, kind: 'scrub', subject: 'p', state, endedAt, result: `r${id}` }) as JobInfo;

describe('what needs attention', () => {
  it('is nothing when all is well', () => {
    expect(matters({ warnings: [] } as unknown as SystemInfo, [], [pool({})], [], [])).toEqual([]);
  });

  it('has the worst first, and each warning once', () => {
    const drive = { name: 'd', state: 'missing', pool: 'p', warnings: ['d is gone'] } as DriveInfo;
    const locked = { name: 'v', state: 'locked', warnings: [] } as unknown as VnvmeInfo;
    const system = { warnings: ['d is gone', 'something else'] } as SystemInfo;
    const found = matters(system, [drive], [pool({ state: 'degraded' })], [locked], []);
    expect(found.map((m) => m.subject)).toEqual(['Drive d', 'Pool p', 'vNVMe v', 'Daemon']);
    expect(found[0]).toMatchObject({ severe: true, to: '/pools/p', text: 'd is gone' });
    expect(found.filter((m) => m.text === 'd is gone')).toHaveLength(1);
  });

  it('comes before a pool is full', () => {
    expect(matters(undefined, [], [pool({ usedBytes: 86 })], [], [])[0]?.text).toContain('86 %');
    expect(matters(undefined, [], [pool({ state: 'full', usedBytes: 100 })], [], [])[0]?.severe).toBe(true);
  });

  it('forgets a failed job once the same has worked', () => {
    expect(matters(undefined, [], [], [], [job(1, 'failed')], now)).toHaveLength(1);
    expect(matters(undefined, [], [], [], [job(1, 'failed'), job(2, 'done')], now)).toEqual([]);
  });

  it('forgets a failed job after a day', () => {
    expect(matters(undefined, [], [], [], [job(1, 'failed')], now + 24 * 3600 * 1000)).toEqual([]);
  });
});
