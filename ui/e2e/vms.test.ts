import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { VmInfo, VnvmeInfo } from '../src/api/types';
import { launch, open } from './browser';
import { Daemon } from './daemon';
import { Guest } from './guest';

/** From nothing to a drive in a running VM, by clicking: a real daemon, a real QEMU with Linux in it. */
const daemon = new Daemon();
const guest = new Guest('web1', join(daemon.folder, 'web1.qmp'));
let browser: Browser;
let page: Page;
let wrongs: string[];

beforeAll(async () => {
  await Promise.all([daemon.start(), guest.start()]);
  browser = await launch();
  ({ page, wrongs } = await open(browser, daemon.url));
  // What the guest does on an emulated processor takes longer than anything else here.
  page.setDefaultTimeout(60_000);
}, 240_000);
afterEach(() => expect(wrongs.splice(0)).toEqual([]));
afterAll(async () => {
  await browser?.close();
  await guest.stop();
  await daemon.remove();
});

const goTo = (name: string) => page.getByRole('navigation').locator('.entry', { hasText: name }).click();
const dialog = () => page.getByRole('dialog');
const press = (name: string) => dialog().getByRole('button', { name, exact: true }).click();
const closed = () => dialog().waitFor({ state: 'detached' });
const drives = async () => (await guest.sh('cat /proc/partitions')).match(/nvme\dn\d/g) ?? [];

describe('a VM', () => {
  it('gets a drive in three steps: claim, create, attach', async () => {
    await page.getByRole('link', { name: 'Claim a drive' }).click();
    await dialog().getByRole('radio', { name: /ram0/ }).check();
    await press('See what is on it');
    await press('Claim');
    await closed();

    await goTo('vNVMes');
    await page.getByRole('button', { name: 'Create vNVMe' }).first().click();
    await dialog().getByLabel('Name').fill('disk1');
    await dialog().getByRole('textbox', { name: 'Size' }).fill('16M');
    await dialog()
      .getByLabel(/^\s*VM/)
      .selectOption({ label: 'another, by its QMP socket' });
    await dialog().getByLabel("The VM's QMP socket").fill(guest.qmp);
    await dialog().getByText('Encryption, blocks').click();
    await dialog().getByLabel('Doorbells').selectOption('trapped');
    await press('Create');
    await page.getByRole('heading', { level: 1, name: 'vNVMes / disk1' }).waitFor();
    await page.getByText('started by its guest').waitFor();

    await expect.poll(drives, { timeout: 60_000 }).toEqual(['nvme0n1']);
    await guest.sh('echo written > /tmp/x; dd if=/tmp/x of=/dev/nvme0n1 bs=4096 conv=sync,fsync');
    const made = await daemon.ask<VnvmeInfo>('GET', 'vnvmes/disk1');
    expect(made).toMatchObject({ state: 'attached', doorbells: 'trapped', attachment: { vm: 'web1' } });
  }, 240_000);

  it('loses it, and gets it again, chosen from lists', async () => {
    await goTo('VMs');
    await page.getByRole('region', { name: 'VM web1' }).getByRole('button', { name: 'Detach disk1' }).click();
    await press('Detach');
    await closed();
    await expect.poll(drives, { timeout: 60_000 }).toEqual([]);
    await page.getByRole('row', { name: /web1 running/ }).waitFor();

    await page.getByRole('button', { name: 'Attach a vNVMe' }).first().click();
    await dialog()
      .getByLabel(/^\s*vNVMe/)
      .selectOption('disk1');
    await dialog()
      .getByLabel(/^\s*VM/)
      .selectOption({ label: 'web1' });
    await press('Attach');
    await closed();
    await page.getByRole('region', { name: 'VM web1' }).getByRole('cell', { name: 'uses it' }).waitFor();
    await expect.poll(drives, { timeout: 60_000 }).toEqual(['nvme0n1']);
    expect(await guest.sh('head -c 7 /dev/nvme0n1')).toContain('written');
  }, 240_000);

  it('that is gone has nothing attached', async () => {
    await guest.stop();
    await page.getByRole('row', { name: /web1 gone/ }).waitFor();
    expect(await daemon.ask<VnvmeInfo>('GET', 'vnvmes/disk1')).toMatchObject({ state: 'idle' });
    expect(await daemon.ask<VmInfo>('GET', 'vms/web1')).toMatchObject({ state: 'gone', drives: [] });
  });
});
