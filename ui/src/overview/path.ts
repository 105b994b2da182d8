import type { DriveInfo, PoolInfo, VnvmeInfo, VnvmeLoad } from '../api/types';

/** A box of the picture of where I/O goes. */
export interface Node {
  key: string;
  name: string;
  detail: string;
  state: string;
  to: string;
  /** Share that is taken, where that has a meaning. */
  filled?: number;
}

/** A way between boxes of neighbouring columns. */
export interface Way {
  from: string;
  to: string;
  bytesPerSecond: number;
  iops: number;
}

export interface Picture {
  columns: { title: string; nodes: Node[] }[];
  ways: Way[][];
}

/** More boxes than this in a column are not told apart any more: the busiest are shown, the others as one. */
export const NODES_MAX = 10;

/**
 * Where I/O goes: from VMs through vNVMes and pools to drives.
 *
 * @param texts how sizes and rates are written
 */
export function picture(
  vnvmes: VnvmeInfo[],
  pools: PoolInfo[],
  drives: DriveInfo[],
  loads: VnvmeLoad[],
  texts: { size: (bytes: number) => string; rate: (iops: number) => string },
): Picture {
  const load = new Map(loads.map((l) => [l.name, l]));
  const iops = (v: VnvmeInfo) => load.get(v.name)?.total.iops ?? 0;
  const bytes = (v: VnvmeInfo) => load.get(v.name)?.total.bytesPerSecond ?? 0;
  const busiest = [...vnvmes].sort((a, b) => iops(b) - iops(a)).slice(0, NODES_MAX);
  // In the order of the list, so that boxes do not jump about as load changes.
  const shown = vnvmes.length <= NODES_MAX ? vnvmes : vnvmes.filter((v) => busiest.includes(v));
  const others = vnvmes.filter((v) => !shown.includes(v));
  const live = pools.filter((p) => p.state !== 'exported');

  const clients = new Map<string, Node>();
  const first: Way[] = [];
  for (const v of shown) {
    const client = clientOf(v);
    if (client) {
      clients.set(client.key, client);
      first.push({ from: client.key, to: `v ${v.name}`, bytesPerSecond: bytes(v), iops: iops(v) });
    }
  }
  const volumes: Node[] = shown.map((v) => ({
    key: `v ${v.name}`,
    name: v.name,
    state: v.state,
    to: `/vnvmes/${v.name}`,
    detail: iops(v) > 0 ? texts.rate(iops(v)) : texts.size(v.sizeBytes),
  }));
  if (others.length > 0) {
    volumes.push({ key: 'v', name: `${others.length} more`, detail: 'that do less', state: 'idle', to: '/vnvmes' });
  }
  const second = merge([
    ...shown.map((v) => ({ from: `v ${v.name}`, to: `p ${v.pool}`, bytesPerSecond: bytes(v), iops: iops(v) })),
    ...others.map((v) => ({ from: 'v', to: `p ${v.pool}`, bytesPerSecond: bytes(v), iops: iops(v) })),
  ]);
  const poolNodes = live.map((p) => ({
    key: `p ${p.name}`,
    name: p.name,
    state: p.state,
    to: `/pools/${p.name}`,
    detail: `${texts.size(p.freeBytes)} free`,
    filled: p.sizeBytes > 0 ? p.usedBytes / p.sizeBytes : 0,
  }));
  const { nodes: driveNodes, ways: third } = media(live, drives, second, texts.size);
  return {
    columns: [
      { title: 'VMs and clients', nodes: [...clients.values()] },
      { title: 'vNVMes', nodes: volumes },
      { title: 'Pools', nodes: poolNodes },
      { title: 'Drives', nodes: driveNodes },
    ],
    ways: [first, second, third],
  };
}

function clientOf(v: VnvmeInfo): Node | undefined {
  if (v.attachment) {
    const { vm, guestReady } = v.attachment;
    return { key: `m ${vm}`, name: vm, detail: guestReady ? 'VM' : 'VM, starting', state: 'attached', to: '/vms' };
  }
  const client = v.connections.find((c) => !c.parked);
  return (
    client && {
      key: `c ${client.pid}`,
      name: `process ${client.pid}`,
      detail: 'client of a socket',
      state: 'connected',
      to: `/vnvmes/${v.name}`,
    }
  );
}

/** Drives, each by itself when they are few, otherwise those of a pool together. */
function media(pools: PoolInfo[], drives: DriveInfo[], intoPools: Way[], size: (bytes: number) => string) {
  const nodes: Node[] = [];
  const ways: Way[] = [];
  const few = drives.filter((d) => d.state !== 'available').length <= NODES_MAX;
  for (const pool of pools) {
    const flow = intoPools.filter((w) => w.to === `p ${pool.name}`);
    const bytesPerSecond = flow.reduce((all, w) => all + w.bytesPerSecond, 0);
    const iops = flow.reduce((all, w) => all + w.iops, 0);
    const share = 1 / Math.max(1, pool.layout === 'mirror' ? 1 : pool.members.length);
    if (few) {
      for (const m of pool.members) {
        nodes.push({ key: `d ${m.drive}`, name: m.drive, state: m.state, detail: size(m.sizeBytes), to: '/drives' });
        ways.push({
          from: `p ${pool.name}`,
          to: `d ${m.drive}`,
          bytesPerSecond: bytesPerSecond * share,
          iops: iops * share,
        });
      }
    } else if (pool.members.length > 0) {
      const bad = pool.members.find((m) => m.state !== 'ok');
      nodes.push({
        key: `d ${pool.name}`,
        name: `${pool.members.length} drives`,
        state: bad?.state ?? 'ok',
        detail: pool.layout,
        to: `/pools/${pool.name}`,
      });
      ways.push({ from: `p ${pool.name}`, to: `d ${pool.name}`, bytesPerSecond, iops });
    }
  }
  if (few) {
    drives
      .filter((d) => d.state === 'free')
      .forEach((d) =>
        nodes.push({ key: `d ${d.name}`, name: d.name, state: d.state, detail: size(d.sizeBytes), to: '/drives' }),
      );
  }
  return { nodes, ways };
}

/** Ways between the same boxes become one. */
function merge(ways: Way[]): Way[] {
  const merged = new Map<string, Way>();
  for (const way of ways) {
    const known = merged.get(`${way.from}\n${way.to}`);
    merged.set(
      `${way.from}\n${way.to}`,
      known
        ? { ...known, bytesPerSecond: known.bytesPerSecond + way.bytesPerSecond, iops: known.iops + way.iops }
        : way,
    );
  }
  return [...merged.values()];
}
