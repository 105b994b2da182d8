import { describe, expect, it } from 'vitest';
import { mirrorProblem, rawCapacity, setsOf } from './layout';

const drives = (...sizes: number[]) => sizes.map((sizeBytes) => ({ sizeBytes }));

describe('layouts', () => {
  it('hold what their drives can hold in them', () => {
    expect(rawCapacity('concat', drives(1, 2, 3))).toBe(6);
    expect(rawCapacity('stripe', drives(1, 2, 3))).toBe(3);
    expect(rawCapacity('mirror', drives(4, 3))).toBe(3);
    expect(rawCapacity('mirror', drives(4, 4, 3))).toBe(3);
    expect(rawCapacity('mirror', drives(4, 3, 2, 2))).toBe(5);
    expect(rawCapacity('stripe', [])).toBe(0);
  });

  it('of mirrors have two, three or pairs of drives', () => {
    expect([1, 2, 3, 4, 5, 6].map((n) => mirrorProblem(n) === '')).toEqual([false, true, true, true, false, true]);
  });

  it('are told from the sets of members', () => {
    const member = (drive: string, set: number) => ({ drive, set, state: 'ok', sizeBytes: 1 });
    const sets = setsOf([member('a', 0), member('b', 0), member('c', 1)]);
    expect(sets.map((set) => set.map((m) => m.drive))).toEqual([['a', 'b'], ['c']]);
  });
});
