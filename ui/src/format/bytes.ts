/** Sizes as people write and read them, the same as the command line: binary units, `512M`, `20G`, `1.5 TiB`. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const TEXT = /^(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?b)?$/i;
/** The largest that a number of JavaScript holds exactly; 8 PiB. */
const BYTES_MAX = Number.MAX_SAFE_INTEGER;
export const BLOCK_BYTES = 4096;

/** The shortest exact text in binary units, or one with a decimal when there is none. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let whole = bytes;
  while (whole >= 1024 && whole % 1024 === 0 && unit < UNITS.length - 1) {
    whole /= 1024;
    unit++;
  }
  if (whole < 10_000 && Number.isInteger(whole)) {
    return `${whole} ${UNITS[unit]}`;
  }
  return scaled(bytes, 1);
}

/** At most four characters of figures, for places where exactness is noise: `1.3 GiB`, `128 MiB`. */
export function roundBytes(bytes: number): string {
  return scaled(bytes, bytes > 0 && scale(bytes).value < 99.95 ? 1 : 0).replace(/\.0 /, ' ');
}

/** What nobody knows is said so. */
export function knownBytes(bytes: number | undefined): string {
  return bytes === undefined ? 'unknown' : roundBytes(bytes);
}

export function formatRate(bytesPerSecond: number): string {
  return `${roundBytes(bytesPerSecond < 1 ? 0 : bytesPerSecond)}/s`;
}

/** Text for an input field: `20G`, `1536M`. */
export function typedBytes(bytes: number): string {
  return formatBytes(bytes)
    .replace(/ ([KMGTP])iB$/, '$1')
    .replace(/ B$/, '');
}

/**
 * @returns bytes, or a line for the person who wrote it
 */
export function parseBytes(text: string): number | string {
  const match = TEXT.exec(text.trim());
  if (!match) {
    return `'${text}' is no size: write it like 512M, 20G or 1T`;
  }
  const [, figures = '', letter = '', suffix = ''] = match;
  if (letter && suffix.toLowerCase() === 'b') {
    return `'${text}' could mean powers of 1000 or of 1024: write ${figures}${letter.toUpperCase()}iB for powers of 1024`;
  }
  if (!letter && suffix.toLowerCase() === 'ib') {
    return `'${text}' is no size: write it like 512M, 20G or 1T`;
  }
  const bytes = Number(figures) * 1024 ** (letter ? 'KMGTP'.indexOf(letter.toUpperCase()) + 1 : 0);
  if (bytes <= 0) {
    return `'${text}' is nothing: a size is more than 0`;
  }
  if (!Number.isInteger(bytes) || bytes > BYTES_MAX) {
    return `'${text}' is no whole number of bytes that a drive can have`;
  }
  return bytes;
}

/** As {@link parseBytes}, for what a vNVMe can have: a multiple of 4 KiB. */
export function parseDriveSize(text: string): number | string {
  const bytes = parseBytes(text);
  return typeof bytes === 'number' && bytes % BLOCK_BYTES !== 0 ? `'${text}' is no multiple of 4 KiB` : bytes;
}

function scale(bytes: number): { value: number; unit: number } {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return { value, unit };
}

function scaled(bytes: number, decimals: number): string {
  const { value, unit } = scale(bytes);
  return `${value.toFixed(unit === 0 ? 0 : decimals)} ${UNITS[unit]}`;
}
