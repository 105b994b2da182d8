import type { PeerInfo } from '../api/peers';
import type {
  AuditInfo,
  DriveInfo,
  EventInfo,
  GroupInfo,
  HypervisorInfo,
  JobInfo,
  PoolInfo,
  ReactorInfo,
  SnapshotInfo,
  SystemInfo,
  TokenInfo,
  VmInfo,
  VnvmeInfo,
} from '../api/types';
import { Resource } from './resource';

/** Everything of the daemon that pages show. */
export const system = new Resource<SystemInfo>('system');
export const drives = new Resource<DriveInfo[]>('drives');
export const pools = new Resource<PoolInfo[]>('pools');
export const vnvmes = new Resource<VnvmeInfo[]>('vnvmes');
export const vms = new Resource<VmInfo[]>('vms');
export const hypervisors = new Resource<HypervisorInfo[]>('hypervisors');
export const snapshots = new Resource<SnapshotInfo[]>('snapshots');
export const groups = new Resource<GroupInfo[]>('groups');
export const jobs = new Resource<JobInfo[]>('jobs');
export const tokens = new Resource<TokenInfo[]>('tokens');
export const audit = new Resource<AuditInfo[]>('audit');
export const events = new Resource<EventInfo[]>('events');
/** The daemon asks each of them, and waits for those that do not answer: not more often than that. */
const PEERS_REST_MS = 10_000;
export const peers = new Resource<PeerInfo[]>('peers', PEERS_REST_MS);
export const reactors = new Resource<ReactorInfo[]>('reactors');

const all: Resource<unknown>[] = [
  system,
  drives,
  pools,
  vnvmes,
  vms,
  hypervisors,
  snapshots,
  groups,
  jobs,
  tokens,
  audit,
  events,
  reactors,
  peers,
];

/** Anything may have changed. */
export function invalidateAll(): void {
  all.forEach((resource) => resource.invalidate());
}

/** What a change of one kind of thing can be seen in, besides the thing itself. */
const SEEN_IN: Record<string, Resource<unknown>[]> = {
  drive: [drives, pools, system],
  pool: [pools, drives, vnvmes, reactors, system],
  volume: [vnvmes, snapshots, pools, system],
  vnvme: [vnvmes, vms, snapshots, pools, groups, system],
  snapshot: [snapshots, vnvmes, pools],
  group: [groups, vnvmes],
  job: [jobs, pools, system],
  event: [events, system],
  reactor: [reactors, system],
};

export function invalidate(kind: string): void {
  (SEEN_IN[kind] ?? all).forEach((resource) => resource.invalidate());
}
