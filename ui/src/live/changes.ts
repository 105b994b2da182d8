import { apiUrl } from '../api/client';
import { connection } from '../api/connection';
import { invalidate, invalidateAll } from './daemon';

/** How often what is shown is fetched when the daemon tells of no changes. */
const POLL_MS = 1000;
/** And when it does: figures that no change is told of, such as used space. */
const SLOW_POLL_MS = 5000;
const RECONNECT_MS = 1000;

let following = false;

/** Keeps what pages show fresh: by the daemon's stream of changes, and by asking now and then. */
export function followChanges(): void {
  open();
  tick();
}

function tick(): void {
  if (!document.hidden && connection.value !== 'signed-out') {
    invalidateAll();
  }
  setTimeout(tick, following && connection.value === 'online' ? SLOW_POLL_MS : POLL_MS);
}

function open(): void {
  if (connection.value === 'signed-out') {
    setTimeout(open, RECONNECT_MS);
    return;
  }
  const stream = new EventSource(apiUrl('changes'));
  stream.onopen = () => {
    following = true;
    // What changed before the stream was there.
    invalidateAll();
  };
  stream.addEventListener('change', (message) => invalidate(kindOf((message as MessageEvent<string>).data)));
  stream.addEventListener('reset', invalidateAll);
  stream.onerror = () => {
    following = false;
    // The browser tries again by itself, but not after an answer that is no stream.
    if (stream.readyState === EventSource.CLOSED) {
      setTimeout(open, RECONNECT_MS);
    }
  };
}

function kindOf(data: string): string {
  const change: unknown = JSON.parse(data);
  return typeof change === 'object' && change !== null && 'kind' in change ? String(change.kind) : '';
}
