import { describe, expect, it } from 'vitest';
import { formatBytes, formatRate, parseBytes, parseDriveSize, roundBytes, typedBytes } from './bytes';
import { formatCount, formatDepth, formatMicros, formatPercent, plural } from './numbers';
import { formatAgo, formatDuration } from './time';

const GIB = 1024 ** 3;

describe('sizes', () => {
  it('are read as the command line reads them', () => {
    expect(parseBytes('512M')).toBe(512 * 1024 ** 2);
    expect(parseBytes(' 20 GiB ')).toBe(20 * GIB);
    expect(parseBytes('1.5t')).toBe(1.5 * 1024 ** 4);
    expect(parseBytes('4096')).toBe(4096);
    expect(parseBytes('8P')).toContain('no whole number of bytes');
  });

  it('that could mean two things, or nothing, are refused with what to write', () => {
    expect(parseBytes('20GB')).toContain('write 20GiB for powers of 1024');
    for (const wrong of ['', 'x', '-1G', '0', '1.5', '3iB', '1e9', '0.0003K', '9999P']) {
      expect(parseBytes(wrong), wrong).toBeTypeOf('string');
    }
    expect(parseDriveSize('5000')).toContain('4 KiB');
    expect(parseDriveSize('8K')).toBe(8192);
  });

  it('are exact when that is short, and what is typed is read back', () => {
    expect(formatBytes(20 * GIB)).toBe('20 GiB');
    expect(formatBytes(1.5 * GIB)).toBe('1536 MiB');
    expect(formatBytes(GIB + 1)).toBe('1.0 GiB');
    expect(formatBytes(0)).toBe('0 B');
    expect(roundBytes(1.34 * GIB)).toBe('1.3 GiB');
    expect(roundBytes(128 * 1024 ** 2)).toBe('128 MiB');
    expect(formatRate(0)).toBe('0 B/s');
    for (const bytes of [4096, 1536 * 1024 ** 2, 20 * GIB, 7 * 1024 ** 4]) {
      expect(parseBytes(typedBytes(bytes))).toBe(bytes);
    }
  });
});

describe('numbers', () => {
  it('have three significant figures', () => {
    expect([0, 7, 3.25, 9999, 403_210, 999_700, 1_610_000, 2.5e9].map(formatCount)).toEqual([
      '0',
      '7',
      '3.3',
      '9999',
      '403 k',
      '1.00 M',
      '1.61 M',
      '2.50 G',
    ]);
    expect([0, 0.36, 1.05, 78.1, 144, 2785, 5_000_000].map(formatMicros)).toEqual([
      '–',
      '360 ns',
      '1.05 µs',
      '78.1 µs',
      '144 µs',
      '2.79 ms',
      '5.00 s',
    ]);
    expect([0, 0.004, 0.85, 1].map(formatPercent)).toEqual(['0 %', '0.4 %', '85 %', '100 %']);
    expect(formatDepth(63.97)).toBe('64.0');
    expect(plural(1, 'drive')).toBe('1 drive');
    expect(plural(0, 'drive')).toBe('0 drives');
  });
});

describe('times', () => {
  it('are shown in two units', () => {
    expect([0, 59, 60, 3725, 90_000, 86_400].map(formatDuration)).toEqual([
      '0 s',
      '59 s',
      '1 min',
      '1 h 2 min',
      '1 d 1 h',
      '1 d',
    ]);
    const now = Date.parse('2026-01-01T00:10:00Z');
    expect(formatAgo('2026-01-01T00:09:58Z', now)).toBe('just now');
    expect(formatAgo('2026-01-01T00:05:00Z', now)).toBe('5 min ago');
  });
});
