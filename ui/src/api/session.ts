import { computed, shallowRef } from 'vue';
import { ApiError, get, provideCsrf, remove, request } from './client';
import { signedIn, signedOut } from './connection';
import type { SessionInfo } from './types';

/** Who one is to the daemon; undefined while that is not known. */
export const session = shallowRef<SessionInfo>();
/** Over the Unix socket there is nothing to sign out of. */
export const canSignOut = computed(() => session.value?.via === 'session');

function know(info: SessionInfo): void {
  session.value = info;
  provideCsrf(info.csrf ?? '');
}

/** Finds out who one is; a daemon that asks for a token makes the page show where to type it. */
export async function findSession(): Promise<void> {
  try {
    know(await get<SessionInfo>('session'));
  } catch (e) {
    if (e instanceof ApiError && e.status === 401) {
      signedOut();
    } else if (!(e instanceof ApiError)) {
      throw e;
    }
  }
}

export async function signIn(token: string): Promise<void> {
  know(await request<SessionInfo>('POST', 'session', { token }));
  signedIn();
}

export async function signOut(): Promise<void> {
  await remove('session');
  session.value = undefined;
  signedOut();
}
