/** Limits and shares, as the API has them; e2e/ compares it with the daemon's own description. */

export interface QosLimits {
  readIops: number;
  writeIops: number;
  iops: number;
  readBytes: number;
  writeBytes: number;
  bytes: number;
  burstSeconds: number;
}

export interface Qos {
  limits: QosLimits;
  weight: number;
  group?: string;
}

export interface ChangeQos {
  limits?: Partial<QosLimits>;
  weight?: number;
  group?: string;
}
