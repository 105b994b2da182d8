import { ref } from 'vue';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'vnvme-theme';

function kept(): Theme {
  const value = localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}

export const theme = ref<Theme>(kept());

export function setTheme(wanted: Theme): void {
  theme.value = wanted;
  if (wanted === 'system') {
    localStorage.removeItem(KEY);
  } else {
    localStorage.setItem(KEY, wanted);
  }
  applyTheme();
}

export function applyTheme(): void {
  if (theme.value === 'system') {
    delete document.documentElement.dataset.theme;
  } else {
    document.documentElement.dataset.theme = theme.value;
  }
}
