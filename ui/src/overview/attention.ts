import type { DriveInfo, JobInfo, PoolInfo, SystemInfo, VnvmeInfo } from '../api/types';

/** Something that somebody has to look after. */
export interface Matter {
  severe: boolean;
  subject: string;
  text: string;
  /** Page where it can be mended, and what is done there. */
  to: string;
  action: string;
}

const POOL_STATES: Record<string, { severe: boolean; text: string; action: string }> = {
  degraded: {
    severe: false,
    text: 'A drive of the mirror is missing, failed or still being filled. Data is served, with fewer copies.',
    action: 'See its drives',
  },
  full: {
    severe: true,
    text: 'There is no space left: writes wait. Grow the pool, remove snapshots, or trim in a guest.',
    action: 'Make space',
  },
  'read-only': { severe: true, text: 'The pool has stopped writing after a doubt. Reads go on.', action: 'See why' },
  unavailable: { severe: true, text: 'The pool is not open: its vNVMes do not serve.', action: 'See why' },
};

const FULL_SHARE = 0.85;

/** All that needs somebody, the worst first. */
export function matters(
  system: SystemInfo | undefined,
  drives: DriveInfo[],
  pools: PoolInfo[],
  vnvmes: VnvmeInfo[],
  jobs: JobInfo[],
  nowMs = Date.now(),
): Matter[] {
  const found = [
    ...pools.flatMap(ofPool),
    ...drives.filter((d) => d.state === 'missing' || d.state === 'failed').map(ofDrive),
    ...vnvmes.flatMap(ofVnvme),
    ...lastFailures(jobs, nowMs),
  ];
  const said = new Set(found.map((matter) => matter.text));
  const rest = (system?.warnings ?? [])
    .filter((warning) => !said.has(warning))
    .map((text) => ({ severe: false, subject: 'Daemon', text, to: '/events', action: 'See events' }));
  return [...found, ...rest].sort((a, b) => Number(b.severe) - Number(a.severe));
}

function ofPool(pool: PoolInfo): Matter[] {
  const to = `/pools/${pool.name}`;
  const known = POOL_STATES[pool.state];
  if (pool.state === 'exported') {
    return [];
  }
  if (known) {
    const texts = pool.warnings.length > 0 ? pool.warnings : [known.text];
    return texts.map((text) => ({
      severe: known.severe,
      subject: `Pool ${pool.name}`,
      text,
      to,
      action: known.action,
    }));
  }
  if (pool.sizeBytes > 0 && pool.usedBytes >= FULL_SHARE * pool.sizeBytes) {
    const percent = Math.floor((100 * pool.usedBytes) / pool.sizeBytes);
    const text = `${percent} % is taken. When nothing is left, writes wait: grow the pool in time.`;
    return [{ severe: false, subject: `Pool ${pool.name}`, text, to, action: 'Grow it' }];
  }
  return pool.warnings.map((text) => ({
    severe: false,
    subject: `Pool ${pool.name}`,
    text,
    to,
    action: 'See the pool',
  }));
}

function ofDrive(drive: DriveInfo): Matter {
  return {
    severe: true,
    subject: `Drive ${drive.name}`,
    text: drive.warnings[0] ?? `It is ${drive.state}.`,
    to: drive.pool ? `/pools/${drive.pool}` : '/drives',
    action: drive.pool ? 'See its pool' : 'See drives',
  };
}

function ofVnvme(vnvme: VnvmeInfo): Matter[] {
  const to = `/vnvmes/${vnvme.name}`;
  const subject = `vNVMe ${vnvme.name}`;
  if (vnvme.state === 'locked') {
    return [{ severe: false, subject, text: 'It is encrypted, and its key is not there.', to, action: 'Unlock it' }];
  }
  return vnvme.warnings.map((text) => ({ severe: vnvme.state === 'unavailable', subject, text, to, action: 'See it' }));
}

/** A failure that nobody has seen to for so long is no news any more: the list of jobs has it. */
const FAILURE_MS = 24 * 3600 * 1000;

/** Jobs of a kind and subject whose last try failed, lately. */
function lastFailures(jobs: JobInfo[], nowMs: number): Matter[] {
  const last = new Map(jobs.map((job) => [`${job.kind} ${job.subject}`, job]));
  return [...last.values()]
    .filter((job) => job.state === 'failed' && nowMs - Date.parse(job.endedAt ?? job.startedAt) < FAILURE_MS)
    .map((job) => ({
      severe: false,
      subject: `Job ${job.id}, ${job.kind} of ${job.subject}`,
      text: job.result ?? 'It failed.',
      to: '/jobs',
      action: 'See jobs',
    }));
}
