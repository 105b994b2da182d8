import { describe, expect, it } from 'vitest';
import type { VmInfo, VnvmeInfo } from '../api/types';
import { inOrder, target, whereIs } from './choice';

const vm = (name: string, state: string, qmp?: string): VmInfo => ({
  name,
  source: qmp ? 'qmp' : 'libvirt',
  state,
  qmp,
  drives: [],
  parkedCount: 0,
  warnings: [],
});

describe('VMs to choose from', () => {
  it('come with those first that run', () => {
    const order = inOrder([vm('c', 'off'), vm('b', 'running'), vm('a', 'paused'), vm('d', 'running')]);
    expect(order.map((v) => v.name)).toEqual(['b', 'd', 'a', 'c']);
  });

  it('are named as the daemon finds them', () => {
    expect(target({ vm: vm('web', 'running') })).toEqual({ vm: 'web' });
    expect(target({ vm: vm('web', 'running', '/q') })).toEqual({ qmp: '/q' });
    expect(target({ qmp: ' /run/q ' })).toEqual({ qmp: '/run/q' });
  });
});

it('says who has a vNVMe', () => {
  const client = { pid: 7, controllerId: 1, ready: true, parked: false };
  const having = (fields: Partial<VnvmeInfo>) => whereIs({ connections: [], ...fields } as unknown as VnvmeInfo);
  expect(having({})).toBe('');
  expect(having({ connections: [{ ...client, parked: true }] })).toBe('');
  expect(having({ connections: [client] })).toBe('process 7');
  expect(having({ connections: [{ ...client, vm: 'web' }] })).toBe('web');
});
