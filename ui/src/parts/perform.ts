import { ApiError } from '../api/client';
import { invalidateAll } from '../live/daemon';
import { complain, say } from './toasts';

/** Does something that a button asks for without a dialog, and says what came of it. */
export async function perform(work: () => Promise<string | undefined>): Promise<void> {
  try {
    const said = await work();
    if (said) {
      say(said);
    }
  } catch (e) {
    if (!(e instanceof ApiError)) {
      throw e;
    }
    complain(e.message);
  }
  invalidateAll();
}

/** For a dialog's end: says it, and has everything fetched anew, so that the page behind shows it. */
export function done(text: string): void {
  say(text);
  invalidateAll();
}
