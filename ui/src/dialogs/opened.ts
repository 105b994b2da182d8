import { computed, type WritableComputedRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';

/** A dialog that the address opens too: `?create`. Closing it takes that out of the address again. */
export function useOpened(name: string): WritableComputedRef<boolean> {
  const route = useRoute();
  const router = useRouter();
  return computed({
    get: () => name in route.query,
    set: (open) => {
      // Who has gone to another page meanwhile stays there.
      if (open === name in route.query) {
        return;
      }
      const others = Object.entries(route.query).filter(([key]) => key !== name);
      void router.replace({ query: Object.fromEntries(open ? [...others, [name, null]] : others) });
    },
  });
}
