import type { Page, Route } from 'playwright-core';
import type { MigrateVm, MigrationCheck } from '../src/api/migration';
import type { PeerInfo } from '../src/api/peers';
import type { JobInfo, VmInfo } from '../src/api/types';

const FINGERPRINT = Array.from({ length: 32 }, (_, i) => (i * 7 + 16).toString(16).toUpperCase()).join(':');
const MIB = 1024 ** 2;

/**
 * Other daemons and a VM that goes to one of them, answered to a page in place of its daemon: a test says how far the migration is.
 * All else is the daemon's.
 */
export class Peers {
  peers: PeerInfo[] = [];
  vms: VmInfo[] = [
    {
      name: 'web1',
      source: 'qmp',
      state: 'running',
      qmp: '/run/web1.qmp',
      drives: ['web', 'logs'].map((vnvme) => ({ vnvme, deviceId: vnvme, guestReady: true })),
      parkedCount: 0,
      warnings: [],
    },
  ];
  job: JobInfo | undefined;
  check: MigrationCheck = { ready: true, findings: [] };
  /** What the page asked for, besides looking. */
  readonly asked: { method: string; path: string; body: unknown }[] = [];

  async serve(page: Page): Promise<void> {
    // Without the stream of changes the page asks each second.
    await page.route('**/api/v1/changes', (route) => route.fulfill({ status: 404 }));
    await page.route('**/api/v1/peers**', (route) => this.answer(route));
    await page.route('**/api/v1/vms**', (route) => this.answer(route));
    await page.route('**/api/v1/jobs**', (route) => this.answer(route));
  }

  private async answer(route: Route): Promise<void> {
    const path = new URL(route.request().url()).pathname.replace(/^.*\/api\/v1\//, '');
    const method = route.request().method();
    if (method === 'GET') {
      const lists: Record<string, unknown> = { peers: this.peers, vms: this.vms, jobs: this.job ? [this.job] : [] };
      await route.fulfill({ json: lists[path] });
      return;
    }
    const body: unknown = route.request().postDataJSON();
    this.asked.push({ method, path, body });
    await route.fulfill({ json: this.change(path, body) });
  }

  private change(path: string, body: unknown): unknown {
    if (path.endsWith('/check')) {
      return this.check;
    }
    if (path.endsWith('/migrate')) {
      return this.begin(body as MigrateVm);
    }
    return this.at({ cancellable: false });
  }

  private begin({ to }: MigrateVm): JobInfo {
    this.job = {
      id: 41,
      kind: 'migrate',
      subject: 'web1',
      state: 'running',
      progress: 0,
      step: `look at ${to}`,
      doneBytes: 0,
      totalBytes: 0,
      bytesPerSecond: 0,
      startedBy: 'root',
      startedAt: new Date().toISOString(),
      cancellable: true,
    };
    return this.job;
  }

  /** What is known of the migration from now on, besides what was. */
  at(fields: Partial<JobInfo>): JobInfo {
    this.job = { ...(this.job as JobInfo), ...fields };
    return this.job;
  }

  copied(step: string, doneMiB: number, totalMiB: number): void {
    this.at({
      step,
      doneBytes: doneMiB * MIB,
      totalBytes: totalMiB * MIB,
      bytesPerSecond: 212 * MIB,
      progress: doneMiB / totalMiB,
    });
  }

  ended(state: string, result: string): void {
    this.at({ state, result, step: undefined, cancellable: false, endedAt: new Date().toISOString() });
  }
}

export function peer(name: string, fields: Partial<PeerInfo> = {}): PeerInfo {
  return {
    name,
    address: '192.0.2.11:8443',
    fingerprint: FINGERPRINT,
    state: 'reachable',
    version: '0.1.0',
    detail: '',
    ...fields,
  };
}
