/** What the API says and is told, as far as the page uses it; e2e/ compares it with the daemon's own description. */

import type { HostInfo, PathInfo, TcpAccess } from './hosts';
import type { ChangeQos, Qos, QosLimits } from './qos';
import type { RemoteDriveInfo, SetDriveKeys } from './remote';

export type { ChangeQos, Qos, QosLimits };

export interface SessionInfo {
  name: string;
  role: string;
  via: string;
  csrf?: string;
}

export interface StepInfo {
  name: string;
  micros: number;
}

export interface ReactorInfo {
  name: string;
  cpu: number;
  idle: string;
  pools: string[];
  busyNs: number;
  idleNs: number;
  asleepNs: number;
}

export interface SystemInfo {
  version: string;
  pid: number;
  uptimeSeconds: number;
  startMillis: number;
  stateDir: string;
  runDir: string;
  driveCount: number;
  claimedCount: number;
  poolCount: number;
  capacityBytes: number;
  freeBytes: number;
  vnvmeCount: number;
  attachedCount: number;
  runningJobCount: number;
  lastEvent: number;
  reactors: ReactorInfo[];
  warnings: string[];
}

export interface DriveInfo {
  name: string;
  kind: string;
  state: string;
  uuid?: string;
  path?: string;
  sizeBytes: number;
  blockSizeBytes: number;
  pool?: string;
  warnings: string[];
  remote?: RemoteDriveInfo;
}

export interface DriveContents {
  spec: string;
  sizeBytes: number;
  contents: string[];
  refusal?: string;
}

export interface ClaimDrive {
  spec: string;
  sizeBytes?: number;
  name?: string;
  force: boolean;
  keys?: SetDriveKeys;
}

export interface PoolMember {
  drive: string;
  set: number;
  state: string;
  sizeBytes: number;
}

export interface PoolInfo {
  name: string;
  uuid: string;
  layout: string;
  state: string;
  sizeBytes: number;
  usedBytes: number;
  freeBytes: number;
  provisionedBytes: number;
  metadataBytes: number;
  members: PoolMember[];
  volumeCount: number;
  snapshotCount: number;
  heldWriteCount: number;
  holdSeconds?: number;
  warnings: string[];
}

export interface FoundPool {
  name: string;
  uuid: string;
  layout: string;
  paths: string[];
  missing: string[];
}

export interface CheckReport {
  pool: string;
  sound: boolean;
  findings: string[];
  text: string;
}

/** What is absent stays; 0 takes a limit away. */
export interface GroupInfo {
  name: string;
  limits: QosLimits;
  members: string[];
}

export interface VmDriveInfo {
  vnvme: string;
  deviceId?: string;
  since?: string;
  guestReady: boolean;
}

export interface VmInfo {
  name: string;
  source: string;
  state: string;
  uuid?: string;
  qmp?: string;
  drives: VmDriveInfo[];
  parkedCount: number;
  warnings: string[];
}

export interface HypervisorInfo {
  name: string;
  uri?: string;
  state: string;
  detail: string;
}

export interface RecipeInfo {
  qemu: string;
  libvirt: string;
  cloudHypervisor: string;
  proxmox: string;
}

/** One of the two says which VM. */
export interface AttachVnvme {
  vm?: string;
  qmp?: string;
  forceSlow: boolean;
}

export interface AttachmentInfo {
  vm: string;
  qmp?: string;
  deviceId: string;
  since: string;
  guestReady: boolean;
}

export interface ConnectionInfo {
  pid: number;
  controllerId: number;
  ready: boolean;
  parked: boolean;
  vm?: string;
  host?: string;
}

export interface VnvmeInfo {
  name: string;
  state: string;
  sizeBytes: number;
  blockSizeBytes: number;
  pool: string;
  thick: boolean;
  checksum: boolean;
  encrypted: boolean;
  usedBytes?: number;
  sharedBytes?: number;
  exclusiveBytes?: number;
  origin?: string;
  snapshotCount: number;
  interrupts: string;
  doorbells: string;
  socket: string;
  qemuDevice: string;
  nqn: string;
  serial: string;
  nsid: number;
  uuid: string;
  nguid: string;
  eui64: string;
  createdAt: string;
  qos: Qos;
  hosts: HostInfo[];
  shared: boolean;
  paths: PathInfo[];
  tcp: string[];
  attachment?: AttachmentInfo;
  connections: ConnectionInfo[];
  warnings: string[];
}

export interface KeySource {
  file?: string;
  passphrase?: string;
}

export interface CreateVnvme {
  name: string;
  sizeBytes: number;
  pool?: string;
  thick: boolean;
  msi: boolean;
  doorbells?: string;
  blockSizeBytes?: number;
  checksum: boolean;
  key?: KeySource;
  qos?: ChangeQos;
  shared?: boolean;
  tcp?: TcpAccess;
}

export interface ImportVolume {
  file: string;
  format?: string;
  vnvme: CreateVnvme;
}

export interface TokenInfo {
  name: string;
  role: string;
  createdAt: string;
  expiresAt?: string;
}

export interface NewToken {
  token: TokenInfo;
  secret: string;
}

export interface CreateToken {
  name: string;
  role: string;
  expiresSeconds?: number;
}

export interface AuditInfo {
  number: number;
  at: string;
  who: string;
  via: string;
  from: string;
  what: string;
  status?: number;
  micros?: number;
}

export interface VnvmeChange {
  vnvme: VnvmeInfo;
  outcome: string;
  micros: number;
  steps: StepInfo[];
  warnings: string[];
}

export interface SnapshotInfo {
  name: string;
  volume: string;
  snapshot: string;
  pool: string;
  origin?: string;
  sizeBytes: number;
  usedBytes: number;
  sharedBytes: number;
  exclusiveBytes: number;
  clones: string[];
}

export interface DiffRange {
  offsetBytes: number;
  lengthBytes: number;
  kind: string;
}

export interface DiffInfo {
  from: string;
  to: string;
  sizeBytes: number;
  changedBytes: number;
  ranges: DiffRange[];
}

export interface JobInfo {
  id: number;
  kind: string;
  subject: string;
  state: string;
  progress: number;
  step?: string;
  doneBytes: number;
  totalBytes: number;
  bytesPerSecond: number;
  startedBy: string;
  startedAt: string;
  resumedAt?: string;
  endedAt?: string;
  result?: string;
  cancellable: boolean;
}

export interface EventInfo {
  number: number;
  at: string;
  severity: string;
  kind: string;
  subject: string;
  text: string;
}

export interface CommandLoad {
  iops: number;
  bytesPerSecond: number;
  meanUs: number;
  p50Us: number;
  p99Us: number;
  p999Us: number;
}

export interface VnvmeLoad {
  name: string;
  queueDepth: number;
  inFlight: number;
  total: CommandLoad;
  reads: CommandLoad;
  writes: CommandLoad;
  others: CommandLoad;
}

export interface ReactorLoad {
  name: string;
  cpu: number;
  busyPercent: number;
  idlePercent: number;
  asleepPercent: number;
}

export interface TopInfo {
  at: string;
  seconds: number;
  reactors: ReactorLoad[];
  vnvmes: VnvmeLoad[];
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
}

export interface LatencyBucket {
  upToUs: number;
  count: number;
}

export interface LatencyInfo {
  at: string;
  seconds: number;
  buckets: LatencyBucket[];
}
