import { describe, expect, it } from 'vitest';
import type { SnapshotInfo, VnvmeInfo } from '../api/types';
import { family, snapshotName } from './tree';

const volume = (name: string, origin?: string) => ({ name, origin }) as VnvmeInfo;
const snapshot = (name: string, origin?: string) => ({ name, volume: name.split('@')[0], origin }) as SnapshotInfo;

describe('the tree of a volume', () => {
  const volumes = [volume('a', 'a@2'), volume('b', 'a@1'), volume('c')];
  const snapshots = [snapshot('a@1'), snapshot('a@2', 'a@1')];

  it('has what it grew from and what grew from it, and nothing else', () => {
    const shape = family('b', volumes, snapshots).map((b) => `${'-'.repeat(b.depth)}${b.name}`);
    expect(shape).toEqual(['a@1', '-a@2', '--a', '-b']);
    expect(family('c', volumes, snapshots).map((b) => b.name)).toEqual(['c']);
  });

  it('begins at what is still there', () => {
    expect(family('a', [volume('a', 'gone@1')], []).map((b) => b.name)).toEqual(['a']);
    expect(family('nobody', volumes, snapshots)).toEqual([]);
  });
});

describe('names of snapshots', () => {
  it('are the day, numbered when taken', () => {
    const day = new Date(2026, 2, 7);
    expect(snapshotName([], day)).toBe('2026-03-07');
    expect(snapshotName(['2026-03-07', '2026-03-07-2'], day)).toBe('2026-03-07-3');
  });
});
