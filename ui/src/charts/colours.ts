import { onMounted, onUnmounted, ref, type Ref } from 'vue';

/** What a custom property comes to, for what is drawn on a canvas. */
export function colour(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}

/** Counts up when light turns to dark or back: canvases are drawn anew. */
export function useThemeTurns(): Ref<number> {
  const turns = ref(0);
  const turn = () => turns.value++;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const chosen = new MutationObserver(turn);
  onMounted(() => {
    system.addEventListener('change', turn);
    chosen.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  });
  onUnmounted(() => {
    system.removeEventListener('change', turn);
    chosen.disconnect();
  });
  return turns;
}
