import type { SnapshotInfo, VnvmeInfo } from '../api/types';

/** A volume or snapshot in the tree that it grows in. */
export interface Branch {
  name: string;
  depth: number;
  snapshot?: SnapshotInfo;
  volume?: VnvmeInfo;
}

/**
 * The tree that a volume is in: its snapshots, what they grew from, and what grew from them. What has no origin that is
 * still there is a root.
 */
export function family(name: string, vnvmes: VnvmeInfo[], snapshots: SnapshotInfo[]): Branch[] {
  const all: Omit<Branch, 'depth'>[] = [
    ...snapshots.map((snapshot) => ({ name: snapshot.name, snapshot })),
    ...vnvmes.map((volume) => ({ name: volume.name, volume })),
  ];
  const byName = new Map(all.map((node) => [node.name, node]));
  const originOf = (node: Omit<Branch, 'depth'>) => (node.snapshot ?? node.volume)?.origin;
  const children = new Map<string, Omit<Branch, 'depth'>[]>();
  for (const node of all) {
    const origin = originOf(node);
    const parent = origin !== undefined && byName.has(origin) ? origin : '';
    children.set(parent, [...(children.get(parent) ?? []), node]);
  }
  let root = byName.get(name);
  for (
    let origin = root && originOf(root);
    origin !== undefined && byName.has(origin);
    origin = root && originOf(root)
  ) {
    root = byName.get(origin);
  }
  return root ? below(root, 0, children) : [];
}

function below(node: Omit<Branch, 'depth'>, depth: number, children: Map<string, Omit<Branch, 'depth'>[]>): Branch[] {
  return [{ ...node, depth }, ...(children.get(node.name) ?? []).flatMap((child) => below(child, depth + 1, children))];
}

/** A name for the next snapshot: the day, and a number when there is one of that day. */
export function snapshotName(taken: string[], now: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  let name = day;
  for (let i = 2; taken.includes(name); i++) {
    name = `${day}-${i}`;
  }
  return name;
}
