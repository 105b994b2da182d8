import { shallowRef } from 'vue';
import { ApiError, get } from '../api/client';
import { connection } from '../api/connection';
import type { TopInfo, VnvmeLoad } from '../api/types';

/** Samples that are kept: five minutes, one a second. */
export const HISTORY_COUNT = 300;
const INTERVAL_MS = 1000;
const RETRY_MS = 1000;
const GAP_SECONDS = 3;
const SHOWN_MIN = 60;

/** What is drawn of a vNVMe, or of all of them together. */
export interface Sample {
  readIops: number;
  writeIops: number;
  otherIops: number;
  readBytes: number;
  writeBytes: number;
  p50Us: number;
  p99Us: number;
  depth: number;
}

/** Samples of the last minutes; a gap is where the page did not look. */
export interface History {
  /** Seconds since 1970, ascending. */
  times: number[];
  samples: (Sample | null)[];
}

const IDLE: Sample = {
  readIops: 0,
  writeIops: 0,
  otherIops: 0,
  readBytes: 0,
  writeBytes: 0,
  p50Us: 0,
  p99Us: 0,
  depth: 0,
};

const NOTHING: History = { times: [], samples: [] };

/** The newest look. */
export const top = shallowRef<TopInfo>();
/** Of each vNVMe by name. */
export const histories = shallowRef<ReadonlyMap<string, History>>(new Map());
/** Of all together. */
export const total = shallowRef(NOTHING);

export function sampleOf(load: VnvmeLoad): Sample {
  return {
    readIops: load.reads.iops,
    writeIops: load.writes.iops,
    otherIops: load.others.iops,
    readBytes: load.reads.bytesPerSecond,
    writeBytes: load.writes.bytesPerSecond,
    p50Us: load.total.p50Us,
    p99Us: load.total.p99Us,
    depth: load.queueDepth,
  };
}

/** Rates and depths add up; of latencies together the daemon keeps none, so the largest stands for all. */
export function sum(samples: Sample[]): Sample {
  return samples.reduce(
    (a, b) => ({
      readIops: a.readIops + b.readIops,
      writeIops: a.writeIops + b.writeIops,
      otherIops: a.otherIops + b.otherIops,
      readBytes: a.readBytes + b.readBytes,
      writeBytes: a.writeBytes + b.writeBytes,
      p50Us: Math.max(a.p50Us, b.p50Us),
      p99Us: Math.max(a.p99Us, b.p99Us),
      depth: a.depth + b.depth,
    }),
    IDLE,
  );
}

/** Takes a look into the histories. */
export function record(look: TopInfo): void {
  const time = Date.parse(look.at) / 1000;
  const samples = look.vnvmes.map(sampleOf);
  histories.value = new Map(
    look.vnvmes.map((load, i) => [
      load.name,
      extended(histories.value.get(load.name) ?? NOTHING, time, samples[i] ?? IDLE),
    ]),
  );
  total.value = extended(total.value, time, sum(samples));
  top.value = look;
}

/** A history with one more sample, and without what is too old. */
function extended(history: History, time: number, sample: Sample): History {
  const last = history.times.at(-1);
  if (last !== undefined && time <= last) {
    return history;
  }
  // Nothing is known of a longer time between: no line is drawn over it.
  const gap = last !== undefined && time - last > GAP_SECONDS;
  const first = history.times.findIndex((known) => known >= time - HISTORY_COUNT);
  const from = first < 0 ? history.times.length : first;
  return {
    times: [...history.times.slice(from), ...(gap ? [last + 1] : []), time],
    samples: [...history.samples.slice(from), ...(gap ? [null] : []), sample],
  };
}

/** How many seconds a chart shows: those there are, from one minute to five. */
export function shownSeconds(times: number[]): number {
  const first = times[0];
  const last = times.at(-1);
  return first === undefined || last === undefined
    ? SHOWN_MIN
    : Math.min(HISTORY_COUNT, Math.max(SHOWN_MIN, last - first));
}

/** Looks again and again, while the page can be seen. */
export async function watchLoad(stopped: () => boolean): Promise<void> {
  while (!stopped()) {
    if (connection.value === 'signed-out') {
      await new Promise((done) => setTimeout(done, RETRY_MS));
      continue;
    }
    if (document.hidden) {
      await new Promise<void>((seen) => document.addEventListener('visibilitychange', () => seen(), { once: true }));
      continue;
    }
    try {
      record(await get<TopInfo>(`top?intervalMs=${INTERVAL_MS}`));
    } catch (e) {
      if (!(e instanceof ApiError)) {
        throw e;
      }
      await new Promise((done) => setTimeout(done, RETRY_MS));
    }
  }
}
