import { describe, expect, it } from 'vitest';
import type { PoolInfo, VnvmeInfo, VnvmeLoad } from '../api/types';
import { NODES_MAX, picture } from './path';

const texts = { size: (b: number) => `${b} B`, rate: (i: number) => `${i} IOPS` };
const vnvme = (name: string, over: Partial<VnvmeInfo> = {}) =>
  ({ name, pool: 'p', state: 'idle', sizeBytes: 7, connections: [], ...over }) as unknown as VnvmeInfo;
const pool = (layout: string) =>
  ({
    name: 'p',
    layout,
    state: 'online',
    sizeBytes: 10,
    usedBytes: 5,
    freeBytes: 5,
    members: ['a', 'b'].map((drive) => ({ drive, set: 0, state: 'ok', sizeBytes: 5 })),
  }) as unknown as PoolInfo;
const load = (name: string, iops: number) =>
  ({ name, total: { iops, bytesPerSecond: iops * 10 } }) as unknown as VnvmeLoad;

describe('the way of I/O', () => {
  it('goes from a VM to each drive of its pool', () => {
    const attachment = { vm: 'vm1', qmp: '/q', deviceId: 'x', since: '', guestReady: true };
    const shown = picture([vnvme('v', { attachment })], [pool('stripe')], [], [load('v', 8)], texts);
    expect(shown.columns.map((c) => c.nodes.map((n) => n.name))).toEqual([['vm1'], ['v'], ['p'], ['a', 'b']]);
    expect(shown.columns[1]?.nodes[0]?.detail).toBe('8 IOPS');
    expect(shown.ways.map((w) => w.length)).toEqual([1, 1, 2]);
    // Halves of a stripe share the load; halves of a mirror both have all of it.
    expect(shown.ways[2]?.map((w) => w.iops)).toEqual([4, 4]);
    const mirrored = picture([vnvme('v')], [pool('mirror')], [], [load('v', 8)], texts);
    expect(mirrored.ways[2]?.map((w) => w.iops)).toEqual([8, 8]);
  });

  it('shows the busiest when there are many, and adds up the others', () => {
    const many = Array.from({ length: 30 }, (_, i) => vnvme(`v${i}`));
    const loads = many.map((v, i) => load(v.name, i));
    const shown = picture(many, [pool('concat')], [], loads, texts);
    const names = shown.columns[1]?.nodes.map((n) => n.name);
    expect(names).toHaveLength(NODES_MAX + 1);
    expect(names?.at(-1)).toBe('20 more');
    expect(names).toContain('v29');
    expect(shown.ways[1]?.reduce((all, w) => all + w.iops, 0)).toBe((29 * 30) / 2);
  });
});
