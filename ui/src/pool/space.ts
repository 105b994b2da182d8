import type { PoolInfo, SnapshotInfo, VnvmeInfo } from '../api/types';

/** A part of a pool's space, for a bar and its legend. */
export interface Part {
  label: string;
  bytes: number;
  kind: 'volume' | 'other-volumes' | 'snapshots' | 'shared' | 'metadata' | 'free';
  /** Which of the volumes' colours. */
  index: number;
}

/** Volumes with a part of their own in the bar. */
export const PARTS_MAX = 6;

/** What takes a pool's space: volumes by what only they have, what snapshots alone have, and what is shared. */
export function spaceOf(pool: PoolInfo, vnvmes: VnvmeInfo[], snapshots: SnapshotInfo[]): Part[] {
  const volumes = vnvmes
    .filter((v) => v.pool === pool.name)
    .map((v) => ({ name: v.name, exclusiveBytes: v.exclusiveBytes ?? 0 }))
    .filter((v) => v.exclusiveBytes > 0)
    .sort((a, b) => b.exclusiveBytes - a.exclusiveBytes);
  const held = snapshots.filter((s) => s.pool === pool.name).reduce((sum, s) => sum + s.exclusiveBytes, 0);
  const own = volumes.reduce((sum, v) => sum + v.exclusiveBytes, 0);
  const rest = volumes.slice(PARTS_MAX).reduce((sum, v) => sum + v.exclusiveBytes, 0);
  const parts: Part[] = volumes
    .slice(0, PARTS_MAX)
    .map((v, index) => ({ label: v.name, bytes: v.exclusiveBytes, kind: 'volume', index }));
  parts.push(
    { label: `${volumes.length - PARTS_MAX} other volumes`, bytes: rest, kind: 'other-volumes', index: 0 },
    { label: 'snapshots alone', bytes: held, kind: 'snapshots', index: 0 },
    // Figures of volumes and pool are taken a moment apart: what does not add up is never less than nothing.
    {
      label: 'shared with snapshots',
      bytes: Math.max(0, pool.usedBytes - pool.metadataBytes - own - held),
      kind: 'shared',
      index: 0,
    },
    { label: 'metadata', bytes: pool.metadataBytes, kind: 'metadata', index: 0 },
    { label: 'free', bytes: pool.freeBytes, kind: 'free', index: 0 },
  );
  return parts.filter((part) => part.bytes > 0);
}
