import type { ChangeQos, Qos, QosLimits } from '../api/types';
import { formatBytes, parseBytes, typedBytes } from '../format/bytes';

/** What may be limited, as it is typed: empty is no limit. */
export interface LimitTexts {
  readIops: string;
  writeIops: string;
  iops: string;
  readBytes: string;
  writeBytes: string;
  bytes: string;
  burstSeconds: string;
}

export type LimitName = keyof QosLimits;

export const LIMITS: { name: LimitName; label: string; unit: string }[] = [
  { name: 'iops', label: 'Operations a second', unit: 'IOPS' },
  { name: 'readIops', label: 'Reads a second', unit: 'IOPS' },
  { name: 'writeIops', label: 'Writes a second', unit: 'IOPS' },
  { name: 'bytes', label: 'Bandwidth', unit: 'a second, like 100M' },
  { name: 'readBytes', label: 'Read bandwidth', unit: 'a second, like 100M' },
  { name: 'writeBytes', label: 'Write bandwidth', unit: 'a second, like 100M' },
  { name: 'burstSeconds', label: 'Burst', unit: 'seconds saved up, 0 to 3600' },
];

export const NO_LIMITS: QosLimits = {
  readIops: 0,
  writeIops: 0,
  iops: 0,
  readBytes: 0,
  writeBytes: 0,
  bytes: 0,
  burstSeconds: 0,
};

const isBytes = (name: LimitName) => name === 'readBytes' || name === 'writeBytes' || name === 'bytes';

export function textsOf(limits: QosLimits): LimitTexts {
  const text = (name: LimitName) =>
    limits[name] === 0 ? '' : isBytes(name) ? typedBytes(limits[name]) : String(limits[name]);
  return Object.fromEntries(LIMITS.map(({ name }) => [name, text(name)])) as unknown as LimitTexts;
}

/** @returns the limits, or a line for the person who typed them */
export function limitsOf(texts: LimitTexts): QosLimits | string {
  const limits = { ...NO_LIMITS };
  for (const { name, label } of LIMITS) {
    const text = texts[name].trim();
    if (text === '') {
      continue;
    }
    const value = isBytes(name)
      ? parseBytes(text)
      : /^\d+$/.test(text)
        ? Number(text)
        : `${label}: '${text}' is no whole number`;
    if (typeof value === 'string') {
      return value;
    }
    limits[name] = value;
  }
  return limits;
}

/** What is limited, in a line: `777 IOPS, 100 MiB/s read`. */
export function describeLimits(limits: QosLimits): string {
  const said: string[] = [];
  const add = (value: number, text: string) => value > 0 && said.push(text);
  add(limits.iops, `${limits.iops} IOPS`);
  add(limits.readIops, `${limits.readIops} read IOPS`);
  add(limits.writeIops, `${limits.writeIops} write IOPS`);
  add(limits.bytes, `${formatBytes(limits.bytes)}/s`);
  add(limits.readBytes, `${formatBytes(limits.readBytes)}/s read`);
  add(limits.writeBytes, `${formatBytes(limits.writeBytes)}/s written`);
  add(limits.burstSeconds, `${limits.burstSeconds} s burst`);
  return said.join(', ');
}

export function describeQos(qos: Qos): string {
  const own = describeLimits(qos.limits) || 'no limits';
  return qos.group ? `${own}; in group ${qos.group}` : own;
}

/** The change from nothing to these, for a creation; undefined when there is nothing to say. */
export function firstQos(limits: QosLimits, group: string): ChangeQos | undefined {
  return describeLimits(limits) || group ? { limits, group: group || undefined } : undefined;
}
