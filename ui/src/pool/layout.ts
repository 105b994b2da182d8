import type { PoolMember } from '../api/types';

export type Layout = 'concat' | 'stripe' | 'mirror';

export const LAYOUTS: { name: Layout; text: string }[] = [
  { name: 'concat', text: 'One drive after the other. Any sizes; grows and shrinks by single drives.' },
  { name: 'stripe', text: 'Goes round all drives: their speeds add up. Losing one loses the pool.' },
  { name: 'mirror', text: 'The same on two or three drives, or on pairs of more. Goes on when a drive fails.' },
];

/** Drives of one set hold the same data. */
export function setsOf(members: PoolMember[]): PoolMember[][] {
  const sets: PoolMember[][] = [];
  for (const member of members) {
    (sets[member.set] ??= []).push(member);
  }
  return sets.filter((set) => set !== undefined);
}

/** Why so many drives make no mirror; empty when they do. */
export function mirrorProblem(count: number): string {
  return count === 2 || count === 3 || (count > 3 && count % 2 === 0)
    ? ''
    : 'A mirror has 2 or 3 drives, or pairs of them: 4, 6, 8 …';
}

/** What drives hold together, before metadata: a mirror as much as the smallest of each set. */
export function rawCapacity(layout: Layout, drives: { sizeBytes: number }[]): number {
  const sizes = drives.map((d) => d.sizeBytes);
  if (sizes.length === 0) {
    return 0;
  }
  if (layout === 'concat') {
    return sizes.reduce((a, b) => a + b, 0);
  }
  if (layout === 'stripe') {
    return Math.min(...sizes) * sizes.length;
  }
  const width = sizes.length === 3 ? 3 : 2;
  let total = 0;
  for (let i = 0; i < sizes.length; i += width) {
    total += Math.min(...sizes.slice(i, i + width));
  }
  return total;
}
