import type { VmInfo, VnvmeInfo } from '../api/types';

/** Which VM: one that is known, or whichever answers at a QMP socket. */
export type VmChoice = { vm: VmInfo } | { qmp: string };

/** How the API is told. A VM that is known by its socket is named by it: its name can be another's too. */
export function target(choice: VmChoice): { vm: string } | { qmp: string } {
  if ('qmp' in choice) {
    return { qmp: choice.qmp.trim() };
  }
  return choice.vm.qmp === undefined ? { vm: choice.vm.name } : { qmp: choice.vm.qmp };
}

/** Those that can be attached to now come first, then by name. */
export function inOrder(vms: VmInfo[]): VmInfo[] {
  const rank = (vm: VmInfo) => (vm.state === 'running' ? 0 : 1);
  return [...vms].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

/** Who has a vNVMe, in a few words; empty when nobody has. */
export function whereIs(vnvme: VnvmeInfo): string {
  const client = vnvme.connections.find((c) => !c.parked);
  return vnvme.attachment?.vm ?? client?.vm ?? (client ? `process ${client.pid}` : '');
}
