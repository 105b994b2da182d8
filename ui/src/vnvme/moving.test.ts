import { describe, expect, it } from 'vitest';
import type { JobInfo, PoolInfo } from '../api/types';
import { moveOf, otherPools } from './moving';

const job = (kind: string, subject: string, step?: string, state = 'running') =>
  ({ kind, subject, step, state }) as JobInfo;

describe('the job that moves a vNVMe', () => {
  it('is a move of its own', () => {
    const own = job('move', 'disk');
    const others = [job('move', 'disk2'), job('export', 'disk'), job('move', 'disk', undefined, 'done')];
    expect(moveOf('disk', [...others, own])).toBe(own);
    expect(moveOf('disk', others)).toBeUndefined();
  });

  it('is the drain that is at it', () => {
    const drain = job('drain', 'tank', 'disk (2 more): make volume');
    expect(moveOf('disk', [drain])).toBe(drain);
    expect(moveOf('dis', [drain])).toBeUndefined();
    expect(moveOf('tank', [drain])).toBeUndefined();
    expect(moveOf('disk', [job('drain', 'tank')])).toBeUndefined();
    expect(moveOf('disk', [job('drain', 'tank', 'disk (2 more)', 'failed')])).toBeUndefined();
  });
});

it('what is in a pool goes to others that are in use', () => {
  const pools = [
    { name: 'tank', state: 'healthy' },
    { name: 'away', state: 'exported' },
    { name: 'other', state: 'degraded' },
  ] as PoolInfo[];
  expect(otherPools('tank', pools).map((p) => p.name)).toEqual(['other']);
});
