const STEPS: [number, string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** A duration in its largest two units: `3 d 4 h`, `12 min 5 s`, `8 s`. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [size, unit] of STEPS) {
    const count = Math.floor(rest / size);
    if (count > 0 || (unit === 's' && parts.length === 0)) {
      parts.push(`${count} ${unit}`);
    } else if (parts.length > 0) {
      break;
    }
    rest -= count * size;
    if (parts.length === 2) {
      break;
    }
  }
  return parts.join(' ');
}

/** How long ago: `just now`, `5 min ago`. */
export function formatAgo(rfc3339: string, nowMs: number): string {
  const seconds = (nowMs - Date.parse(rfc3339)) / 1000;
  return seconds < 5 ? 'just now' : `${formatDuration(seconds).split(' ').slice(0, 2).join(' ')} ago`;
}

/** The viewer's local time: `2026-03-01 14:05:09`. */
export function formatMoment(rfc3339: string): string {
  const d = new Date(rfc3339);
  const two = (n: number) => String(n).padStart(2, '0');
  return (
    `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ` +
    `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
  );
}
