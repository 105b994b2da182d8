export type Tone = 'ok' | 'busy' | 'warn' | 'err' | 'off';

/** What a state of a drive, pool, member, vNVMe, job or event means to whoever looks after it. */
const TONES: Record<string, Tone> = {
  online: 'ok',
  ok: 'ok',
  'in-pool': 'ok',
  attached: 'ok',
  connected: 'ok',
  done: 'ok',
  reachable: 'ok',
  info: 'off',
  running: 'busy',
  rebuilding: 'busy',
  degraded: 'warn',
  full: 'warn',
  interrupted: 'warn',
  locked: 'warn',
  warning: 'warn',
  missing: 'err',
  failed: 'err',
  'read-only': 'err',
  unavailable: 'err',
  unreachable: 'err',
  refused: 'err',
  untrusted: 'err',
  error: 'err',
  available: 'off',
  free: 'off',
  idle: 'off',
  exported: 'off',
  cancelled: 'off',
  parked: 'off',
};

export function tone(state: string): Tone {
  return TONES[state] ?? 'off';
}
