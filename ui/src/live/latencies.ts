import { onMounted, onUnmounted, shallowRef, type ShallowRef } from 'vue';
import { ApiError, get, segment } from '../api/client';
import type { LatencyBucket, LatencyInfo } from '../api/types';
import { HISTORY_COUNT } from './load';

const INTERVAL_MS = 1000;

/** Rows of a heat map to each doubling of the latency. */
const ROWS_A_DOUBLING = 4;

/** How many commands took how long, in one interval. */
export interface Column {
  /** Its end, seconds since 1970. */
  time: number;
  seconds: number;
  /** Counts by row. */
  rows: Map<number, number>;
}

/** The row of a latency, and the latency at which a row ends. */
export const rowOf = (micros: number) => Math.floor(Math.log2(micros) * ROWS_A_DOUBLING);
export const microsOf = (row: number) => 2 ** ((row + 1) / ROWS_A_DOUBLING);

export function columnOf(info: LatencyInfo): Column {
  const rows = new Map<number, number>();
  info.buckets.forEach(({ upToUs, count }: LatencyBucket) => {
    const row = rowOf(Math.max(upToUs, 0.001));
    rows.set(row, (rows.get(row) ?? 0) + count);
  });
  return { time: Date.parse(info.at) / 1000, seconds: info.seconds, rows };
}

/** Measures again and again while a component is mounted and can be seen. */
export function useLatencies(name: () => string): ShallowRef<Column[]> {
  const columns = shallowRef<Column[]>([]);
  let mounted = false;

  async function watch(): Promise<void> {
    let measured = name();
    while (mounted) {
      if (measured !== name()) {
        measured = name();
        columns.value = [];
      }
      try {
        const info = await get<LatencyInfo>(`vnvmes/${segment(measured)}/latencies?intervalMs=${INTERVAL_MS}`);
        if (measured === name()) {
          add(columnOf(info));
        }
      } catch (e) {
        if (!(e instanceof ApiError)) {
          throw e;
        }
        await new Promise((done) => setTimeout(done, INTERVAL_MS));
      }
    }
  }

  function add(column: Column): void {
    columns.value = [...columns.value.filter((c) => c.time >= column.time - HISTORY_COUNT), column];
  }

  onMounted(() => {
    mounted = true;
    void watch();
  });
  onUnmounted(() => (mounted = false));
  return columns;
}
