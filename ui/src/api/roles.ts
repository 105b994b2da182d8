import { watchEffect, type Directive } from 'vue';
import { session } from './session';

export type Role = 'viewer' | 'operator' | 'admin';

const RANKS: Record<string, number> = { viewer: 0, operator: 1, admin: 2 };

/** Whether one may ask what needs that role; while it is not known who one is, the daemon says. */
export function may(needed: Role): boolean {
  return session.value === undefined || (RANKS[session.value.role] ?? 0) >= (RANKS[needed] ?? 0);
}

const stops = new WeakMap<HTMLElement, () => void>();

function keep(event: Event): void {
  const button = event.currentTarget as HTMLElement;
  if (button.hasAttribute('data-kept')) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

/**
 * `v-needs="'admin'"`: a button for those who have that role. For others it does nothing, and says why; it can still be reached by
 * keyboard, so that the reason can be heard.
 */
export const needs: Directive<HTMLElement, Role> = {
  // Before any handler of the button's own.
  created(button, { value }) {
    button.addEventListener('click', keep, { capture: true });
    stops.set(
      button,
      watchEffect(() => {
        const kept = !may(value);
        button.toggleAttribute('data-kept', kept);
        if (kept) {
          button.setAttribute('aria-disabled', 'true');
          button.title = `Needs the role ${value}; you are ${session.value?.role}`;
        } else if (button.hasAttribute('aria-disabled')) {
          button.removeAttribute('aria-disabled');
          button.removeAttribute('title');
        }
      }),
    );
  },
  unmounted(button) {
    stops.get(button)?.();
  },
};
