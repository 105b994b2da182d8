import { readonly, ref } from 'vue';

/** How the page stands with the daemon. */
export type Connection = 'connecting' | 'online' | 'lost' | 'signed-out';

const state = ref<Connection>('connecting');
const lostSince = ref(0);
let signIns = 0;

export const connection = readonly(state);
/** When the daemon was first missed, in milliseconds since 1970. */
export const connectionLostSince = readonly(lostSince);

export function connected(): void {
  if (state.value !== 'signed-out') {
    state.value = 'online';
  }
}

export function lost(): void {
  if (state.value !== 'signed-out' && state.value !== 'lost') {
    lostSince.value = Date.now();
    state.value = 'lost';
  }
}

export function signedOut(): void {
  state.value = 'signed-out';
}

export function signedIn(): void {
  signIns++;
  state.value = 'online';
}

/** How often somebody has signed in here: who asked before may hear after it that nobody has. */
export function signInCount(): number {
  return signIns;
}
