import type { JobInfo } from '../api/types';
import { formatRate, roundBytes } from './bytes';
import { formatDuration } from './time';

/** How far a job is: `1.2 GiB of 3 GiB at 200 MiB/s, 9 s left`, at the pace so far. */
export function pace(job: JobInfo): string {
  const soFar = `${roundBytes(job.doneBytes)} of ${roundBytes(job.totalBytes)} at ${formatRate(job.bytesPerSecond)}`;
  if (job.bytesPerSecond <= 0 || job.totalBytes <= job.doneBytes) {
    return soFar;
  }
  return `${soFar}, ${formatDuration((job.totalBytes - job.doneBytes) / job.bytesPerSecond)} left`;
}

/** How it came to its end: what of it was done, in what time. Empty while it has not. */
export function took(job: JobInfo): string {
  if (!job.endedAt) {
    return '';
  }
  const bytes = job.doneBytes > 0 ? `${roundBytes(job.doneBytes)}, ` : '';
  return `${bytes}took ${formatDuration((Date.parse(job.endedAt) - Date.parse(job.startedAt)) / 1000)}`;
}
