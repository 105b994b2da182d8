import type { JobInfo } from '../api/types';

/** What a migration goes through, in this order. */
export const STAGES = ['preflight', 'storage', 'memory', 'switch', 'done'] as const;
export type Stage = (typeof STAGES)[number];

/** Steps by their first words, the latest first. */
const STEPS: [RegExp, Stage][] = [
  [/^remove /, 'done'],
  // It was given away, and may run there.
  [/^(switch|wait for)\b/, 'switch'],
  // A vNVMe can be called so too: its copies are counted.
  [/^(plug |copy memory(?!, round)\b)/, 'memory'],
  [/^(copy|make) /, 'storage'],
];

/** Where a job that migrates is: `copy web, round 2: 13 MiB to go` copies a vNVMe, `copy memory: 120 MiB to go` the VM's memory. */
export function stageOf(step: string | undefined): Stage {
  return STEPS.find(([words]) => words.test(step ?? ''))?.[1] ?? 'preflight';
}

/** The one that is further on: while memory is copied, what a guest writes to its drives still is. */
export function further(a: Stage, b: Stage): Stage {
  return STAGES.indexOf(a) > STAGES.indexOf(b) ? a : b;
}

export type Mark = 'done' | 'now' | 'failed' | 'ahead';

/** What is to be said of each stage of a job that was seen to come so far. */
export function marks(state: string, reached: Stage): Mark[] {
  const at = state === 'done' ? STAGES.length : STAGES.indexOf(reached);
  return STAGES.map((_, i) => {
    if (i !== at) {
      return i < at ? 'done' : 'ahead';
    }
    return state === 'running' ? 'now' : 'failed';
  });
}

/** The job that takes a VM elsewhere now. */
export function migrationOf(vm: string, jobs: JobInfo[]): JobInfo | undefined {
  return jobs.find((job) => isMigration(job) && job.subject === vm && job.state === 'running');
}

/** VMs of which it is not known whether that peer has taken them: who removes it says that it has not, and never will. */
export function awaitedFrom(peer: string, jobs: JobInfo[]): string[] {
  return jobs
    .filter((job) => isMigration(job) && job.state === 'running' && job.step?.startsWith(`wait for ${peer} `))
    .map((job) => job.subject);
}

/** Whether it can still be called off. */
export function mayCancel(job: JobInfo, reached: Stage): boolean {
  return job.cancellable && STAGES.indexOf(reached) < STAGES.indexOf('switch');
}

/** Migrations that were under way when one looked before, and are not any more. */
export function endedSince(before: JobInfo[], now: JobInfo[]): JobInfo[] {
  const underWay = new Set(before.filter((job) => isMigration(job) && job.state === 'running').map((job) => job.id));
  return now.filter((job) => underWay.has(job.id) && job.state !== 'running');
}

const isMigration = (job: JobInfo) => job.kind === 'migrate';

/** What has become of one that has ended, in words. */
export function outcome(job: JobInfo): { text: string; tone: 'ok' | 'warn' | 'err' } {
  const because = job.result ? `: ${job.result}` : '';
  switch (job.state) {
    case 'done':
      return { text: job.result || `${job.subject} has moved.`, tone: 'ok' };
    case 'cancelled':
      return { text: `The migration was cancelled. ${job.subject} goes on here.`, tone: 'warn' };
    case 'interrupted':
      return { text: `The migration of ${job.subject} was interrupted${because}`, tone: 'warn' };
    default:
      return { text: `The migration of ${job.subject} failed${because}`, tone: 'err' };
  }
}
