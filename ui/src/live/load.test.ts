import { beforeEach, describe, expect, it } from 'vitest';
import type { CommandLoad, TopInfo } from '../api/types';
import { columnOf, microsOf } from './latencies';
import { HISTORY_COUNT, histories, record, shownSeconds, total } from './load';

const commands = (iops: number, p99Us = 0): CommandLoad => ({
  iops,
  bytesPerSecond: iops * 4096,
  meanUs: 0,
  p50Us: p99Us / 2,
  p99Us,
  p999Us: 0,
});
const look = (second: number, names: string[]): TopInfo => ({
  at: new Date(second * 1000).toISOString(),
  seconds: 1,
  reactors: [],
  vnvmes: names.map((name, i) => ({
    name,
    queueDepth: 2,
    inFlight: 0,
    total: commands(30, 10 * (i + 1)),
    reads: commands(20),
    writes: commands(10),
    others: commands(0),
  })),
});

describe('what vNVMes did', () => {
  let start = 1_000_000;
  beforeEach(() => (start += 10 * HISTORY_COUNT));

  it('adds up, and keeps five minutes', () => {
    for (let i = 0; i <= HISTORY_COUNT + 50; i++) {
      record(look(start + i, ['a', 'b']));
    }
    const history = histories.value.get('a');
    expect(history?.times).toHaveLength(HISTORY_COUNT + 1);
    expect(history?.samples).toHaveLength(HISTORY_COUNT + 1);
    expect(total.value.samples.at(-1)).toMatchObject({ readIops: 40, writeIops: 20, readBytes: 40 * 4096, depth: 4 });
    // Of latencies the slowest vNVMe's stands for all.
    expect(total.value.samples.at(-1)?.p99Us).toBe(20);
  });

  it('has a gap where nobody looked, and forgets who is gone', () => {
    record(look(start, ['a', 'b']));
    record(look(start + 20, ['a']));
    expect(histories.value.get('a')?.samples.at(-2)).toBeNull();
    expect(histories.value.get('a')?.times.slice(-3)).toEqual([start, start + 1, start + 20]);
    expect(histories.value.has('b')).toBe(false);
  });

  it('is shown over one to five minutes', () => {
    expect([[], [7], [0, 100], [0, 1000]].map(shownSeconds)).toEqual([60, 60, 100, HISTORY_COUNT]);
  });
});

describe('rows of the heat map', () => {
  it('hold the latencies up to their end', () => {
    const at = '2026-01-01T00:00:01Z';
    const buckets = [
      { upToUs: 5, count: 3 },
      { upToUs: 5.2, count: 4 },
      { upToUs: 900, count: 1 },
    ];
    const { rows, time } = columnOf({ at, seconds: 1, buckets });
    expect(time).toBe(Date.parse(at) / 1000);
    expect([...rows.values()]).toEqual([7, 1]);
    for (const [i, row] of [...rows.keys()].entries()) {
      const micros = [5, 900][i] ?? 0;
      expect(microsOf(row)).toBeGreaterThan(micros);
      expect(microsOf(row - 1)).toBeLessThanOrEqual(micros);
    }
  });
});
