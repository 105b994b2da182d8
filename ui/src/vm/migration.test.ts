import { describe, expect, it } from 'vitest';
import type { JobInfo } from '../api/types';
import { awaitedFrom, endedSince, further, marks, mayCancel, migrationOf, outcome, stageOf } from './migration';

const job = (id: number, state: string, fields: Partial<JobInfo> = {}) =>
  ({ id, kind: 'migrate', subject: 'web1', state, ...fields }) as JobInfo;

describe('where a migration is', () => {
  it.each([
    [undefined, 'preflight'],
    ['check store2', 'preflight'],
    ['copy web, round 2: 13 MiB to go', 'storage'],
    ['copy memory: 120 MiB to go', 'memory'],
    ['copy memory', 'memory'],
    ['copy memory, round 1: 4 MiB to go', 'storage'],
    ['copy memory2, round 1: 4 MiB to go', 'storage'],
    ['make volumes at store2', 'storage'],
    ['plug drives in at store2', 'memory'],
    ['switch', 'switch'],
    ['wait for store2 to say whether it has taken the VM (no answer)', 'switch'],
    ['remove what is left here', 'done'],
  ] as const)('%s: %s', (step, stage) => expect(stageOf(step)).toBe(stage));

  it('does not go back when a drive is copied again', () => {
    expect(further('memory', 'storage')).toBe('memory');
    expect(further('storage', 'memory')).toBe('memory');
  });

  it('is marked on the way', () => {
    expect(marks('running', 'memory')).toEqual(['done', 'done', 'now', 'ahead', 'ahead']);
    expect(marks('failed', 'storage')).toEqual(['done', 'failed', 'ahead', 'ahead', 'ahead']);
    expect(marks('done', 'preflight')).toEqual(['done', 'done', 'done', 'done', 'done']);
  });
});

describe('the job', () => {
  it('is the one that is under way', () => {
    const own = job(3, 'running');
    const others = [job(1, 'failed'), job(2, 'running', { subject: 'web2' }), job(4, 'running', { kind: 'move' })];
    expect(migrationOf('web1', [...others, own])).toBe(own);
    expect(migrationOf('web1', others)).toBeUndefined();
  });

  it('can be cancelled until the switch', () => {
    expect(mayCancel(job(1, 'running', { cancellable: true }), 'memory')).toBe(true);
    expect(mayCancel(job(1, 'running', { cancellable: true }), 'switch')).toBe(false);
    expect(mayCancel(job(1, 'running', { cancellable: false }), 'storage')).toBe(false);
  });

  it('may wait for its peer to say whether the VM is there', () => {
    const step = 'wait for store2 to say whether it has taken the VM (no answer)';
    const waiting = [job(1, 'running', { step }), job(2, 'failed', { step }), job(3, 'running', { step: 'switch' })];
    expect(awaitedFrom('store2', waiting)).toEqual(['web1']);
    expect(awaitedFrom('store', waiting)).toEqual([]);
  });

  it('that ends while one looks is told of once', () => {
    const before = [job(1, 'done'), job(2, 'running'), job(3, 'running')];
    const now = [job(1, 'done'), job(2, 'failed'), job(3, 'running'), job(4, 'done')];
    expect(endedSince(before, now).map((j) => j.id)).toEqual([2]);
    expect(endedSince(now, now)).toEqual([]);
  });
});

describe('what has become of it', () => {
  it('is the result, and where the VM is', () => {
    const result = 'web1 runs on store2; it stood still for 84 ms';
    expect(outcome(job(1, 'done', { result }))).toEqual({ text: result, tone: 'ok' });
    expect(outcome(job(1, 'cancelled')).text).toContain('goes on here');
    expect(outcome(job(1, 'failed', { result: 'store2: no space' }))).toEqual({
      text: 'The migration of web1 failed: store2: no space',
      tone: 'err',
    });
    expect(outcome(job(1, 'interrupted', { result: 'the daemon ended' }))).toMatchObject({ tone: 'warn' });
  });
});
