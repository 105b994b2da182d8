/** A count or rate with three significant figures: `7`, `403 k`, `1.61 M`. */
export function formatCount(value: number): string {
  if (value < 9999.5) {
    return value > 0 && value < 10 && !Number.isInteger(value) ? value.toFixed(1) : value.toFixed(0);
  }
  const [scaled, unit] =
    value < 999_500 ? [value / 1e3, 'k'] : value < 999.5e6 ? [value / 1e6, 'M'] : [value / 1e9, 'G'];
  return `${scaled.toPrecision(3)} ${unit}`;
}

/** A latency from microseconds: `850 ns`, `23.4 µs`, `1.20 ms`, `2.0 s`; a dash when nothing was measured. */
export function formatMicros(micros: number): string {
  if (micros <= 0) {
    return '–';
  }
  if (micros < 1) {
    return `${Math.round(micros * 1000)} ns`;
  }
  const [value, unit] = micros < 999.5 ? [micros, 'µs'] : micros < 999_500 ? [micros / 1e3, 'ms'] : [micros / 1e6, 's'];
  return `${value >= 99.95 ? value.toFixed(0) : value.toPrecision(3)} ${unit}`;
}

export function formatPercent(share: number): string {
  const percent = share * 100;
  return `${percent > 0 && percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

export function formatDepth(depth: number): string {
  return depth === 0 ? '0' : depth < 99.95 ? depth.toFixed(1) : depth.toFixed(0);
}

/** `1 drive`, `3 drives`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
