import { reactive } from 'vue';

/** What was done, for a moment in the corner; what failed stays until it is closed. */
export interface Toast {
  id: number;
  text: string;
  failed: boolean;
}

const SHOWN_MS = 6000;
let lastId = 0;

export const toasts = reactive<Toast[]>([]);

export function say(text: string): void {
  const { id } = add(text, false);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

export function complain(text: string): void {
  add(text, true);
}

export function dismiss(id: number): void {
  const index = toasts.findIndex((toast) => toast.id === id);
  if (index >= 0) {
    toasts.splice(index, 1);
  }
}

function add(text: string, failed: boolean): Toast {
  const toast = { id: ++lastId, text, failed };
  toasts.push(toast);
  return toast;
}
