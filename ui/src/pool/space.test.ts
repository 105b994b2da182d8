import { describe, expect, it } from 'vitest';
import type { PoolInfo, SnapshotInfo, VnvmeInfo } from '../api/types';
import { PARTS_MAX, spaceOf } from './space';

const pool = { name: 'p', sizeBytes: 1000, usedBytes: 600, freeBytes: 400, metadataBytes: 50 } as PoolInfo;
const volume = (name: string, exclusiveBytes: number, inPool = 'p') =>
  ({ name, pool: inPool, exclusiveBytes }) as VnvmeInfo;
const snapshot = (exclusiveBytes: number) => ({ pool: 'p', exclusiveBytes }) as SnapshotInfo;

describe('space of a pool', () => {
  it('adds up to its size', () => {
    const parts = spaceOf(pool, [volume('a', 100), volume('b', 200), volume('c', 7, 'other')], [snapshot(150)]);
    expect(parts.map((p) => [p.label, p.bytes])).toEqual([
      ['b', 200],
      ['a', 100],
      ['snapshots alone', 150],
      ['shared with snapshots', 100],
      ['metadata', 50],
      ['free', 400],
    ]);
    expect(parts.reduce((sum, p) => sum + p.bytes, 0)).toBe(pool.sizeBytes);
  });

  it('of many volumes tells the largest apart', () => {
    const parts = spaceOf(
      pool,
      Array.from({ length: 10 }, (_, i) => volume(`v${i}`, i + 1)),
      [],
    );
    expect(parts.filter((p) => p.kind === 'volume')).toHaveLength(PARTS_MAX);
    expect(parts.find((p) => p.kind === 'other-volumes')?.bytes).toBe(1 + 2 + 3 + 4);
  });

  it('is never negative when figures disagree for a moment', () => {
    expect(spaceOf(pool, [volume('a', 900)], []).some((p) => p.kind === 'shared')).toBe(false);
  });
});
