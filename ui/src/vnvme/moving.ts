import type { JobInfo, PoolInfo } from '../api/types';

/**
 * The job that moves a vNVMe to another pool now: a move of its own, or a pool's drain, whose step names the one that it is at
 * before its words in brackets.
 */
export function moveOf(vnvme: string, jobs: JobInfo[]): JobInfo | undefined {
  return jobs.find(
    (job) =>
      job.state === 'running' &&
      ((job.kind === 'move' && job.subject === vnvme) || (job.kind === 'drain' && job.step?.startsWith(`${vnvme} (`))),
  );
}

/** Pools that what is in another can go to. */
export function otherPools(pool: string, pools: PoolInfo[]): PoolInfo[] {
  return pools.filter((p) => p.name !== pool && p.state !== 'exported');
}
