import type { VnvmeInfo } from '../api/types';

const KEY = 'vnvme-vms';
const KEPT_MAX = 20;

/** QMP sockets that are worth offering: those in use, and those used from this browser before. */
export function knownVms(vnvmes: VnvmeInfo[]): string[] {
  const inUse = vnvmes.flatMap((v) => (v.attachment ? [v.attachment.qmp] : []));
  return [...new Set([...inUse, ...remembered()])];
}

export function rememberVm(qmp: string): void {
  localStorage.setItem(KEY, JSON.stringify([...new Set([qmp, ...remembered()])].slice(0, KEPT_MAX)));
}

export function forgetVm(qmp: string): void {
  localStorage.setItem(KEY, JSON.stringify(remembered().filter((known) => known !== qmp)));
}

function remembered(): string[] {
  const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
  return Array.isArray(kept) ? kept.filter((item): item is string => typeof item === 'string') : [];
}
