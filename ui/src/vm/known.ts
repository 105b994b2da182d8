const KEY = 'vnvme-vms';
const KEPT_MAX = 20;

/** QMP sockets that were used from this browser, the last one first. */
export function knownSockets(): string[] {
  const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
  return Array.isArray(kept) ? kept.filter((item): item is string => typeof item === 'string') : [];
}

export function rememberSocket(qmp: string): void {
  localStorage.setItem(KEY, JSON.stringify([...new Set([qmp, ...knownSockets()])].slice(0, KEPT_MAX)));
}
