/** Paths of icons, drawn in a square of 16 with a line of 1.5. */
export const ICONS = {
  overview: 'M2 13.5h12M3.5 11V7M8 11V3M12.5 11V5.5',
  drive: 'M2 4.5h12v7H2zM2 8.5h12M11.5 10.2h.01M4 6.5h5',
  pool: 'M8 2c3.3 0 6 1 6 2.3S11.3 6.6 8 6.6 2 5.6 2 4.3 4.7 2 8 2zM2 4.3v7.4C2 13 4.7 14 8 14s6-1 6-2.3V4.3M2 8c0 1.3 2.7 2.3 6 2.3s6-1 6-2.3',
  vnvme: 'M1.5 5h10.5v6H1.5zM12 6.5h2.5M12 9.5h2.5M4 7.2v1.6M6.5 7.2v1.6M9 7.2v1.6',
  vm: 'M2 3h12v8H2zM5.5 13.5h5M8 11v2.5',
  job: 'M8 2.5a5.5 5.5 0 1 0 5.5 5.5M8 5v3l2 1.5M10.5 2.8l1.5.8M12.7 5l.6 1.2',
  event: 'M3 3h10M3 8h10M3 13h6',
  reactor: 'M5 5h6v6H5zM6.5 2v3M9.5 2v3M6.5 11v3M9.5 11v3M2 6.5h3M2 9.5h3M11 6.5h3M11 9.5h3',
  settings: 'M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M10.5 3v3M5.5 10v3',
  group: 'M2 2.5h5v5H2zM9 2.5h5v5H9zM2 9h5v4.5H2zM9 9h5v4.5H9z',
  plus: 'M8 3v10M3 8h10',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  warn: 'M8 2.5L14.5 13.5h-13zM8 6.5v3.2M8 11.7h.01',
  error: 'M5.3 1.8h5.4l3.5 3.5v5.4l-3.5 3.5H5.3l-3.5-3.5V5.3zM8 4.8v4M8 11.2h.01',
  ok: 'M3 8.5l3.2 3.2L13 4.8',
  snapshot: 'M2 5h2.5l1-1.5h5l1 1.5H14v8H2zM8 6.7a2.2 2.2 0 1 0 .01 0z',
  clone: 'M2 2.5h8v8H2zM6 10.5v3h8v-8h-4',
  menu: 'M2 4h12M2 8h12M2 12h12',
  copy: 'M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3',
  lock: 'M3.5 7h9v6.5h-9zM5.5 7V4.8a2.5 2.5 0 0 1 5 0V7',
  arrow: 'M3 8h10M9 4l4 4-4 4',
} as const;

export type IconName = keyof typeof ICONS;
