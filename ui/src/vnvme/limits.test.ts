import { describe, expect, it } from 'vitest';
import { describeLimits, describeQos, firstQos, limitsOf, NO_LIMITS, textsOf } from './limits';

describe('limits', () => {
  it('are read from what is typed, and written back the same', () => {
    const texts = { ...textsOf(NO_LIMITS), iops: '777', bytes: '100M', burstSeconds: '30' };
    const limits = limitsOf(texts);
    expect(limits).toEqual({ ...NO_LIMITS, iops: 777, bytes: 100 * 1024 ** 2, burstSeconds: 30 });
    expect(textsOf(limits as typeof NO_LIMITS)).toEqual(texts);
    expect(describeLimits(limits as typeof NO_LIMITS)).toBe('777 IOPS, 100 MiB/s, 30 s burst');
  });

  it('that are none are refused', () => {
    expect(limitsOf({ ...textsOf(NO_LIMITS), readIops: '7.5' })).toContain('Reads a second');
    expect(limitsOf({ ...textsOf(NO_LIMITS), bytes: '100MB' })).toContain('powers of 1000');
  });

  it('say when there are none', () => {
    expect(describeQos({ limits: NO_LIMITS, weight: 100, group: 'g' })).toBe('no limits; in group g');
    expect(firstQos(NO_LIMITS, '')).toBeUndefined();
    expect(firstQos(NO_LIMITS, 'g')).toEqual({ limits: NO_LIMITS, group: 'g' });
  });
});
