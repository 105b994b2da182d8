import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DriveInfo, PoolInfo, SnapshotInfo, VnvmeInfo } from '../src/api/types';
import { launch, open } from './browser';
import { differences, type OpenApi } from './contract';
import { Daemon } from './daemon';

/** The page against a real daemon, in the order in which an administrator meets it: later tests see what earlier ones made. */
const daemon = new Daemon();
let browser: Browser;
let page: Page;
let wrongs: string[];

beforeAll(async () => {
  await daemon.start();
  browser = await launch();
  ({ page, wrongs } = await open(browser, daemon.url));
});
afterEach(() => expect(wrongs.splice(0)).toEqual([]));
afterAll(async () => {
  await browser?.close();
  await daemon.remove();
});

const goTo = (name: string) => page.getByRole('navigation').locator('.entry', { hasText: name }).click();
const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();
const dialog = () => page.getByRole('dialog');
const press = (name: string) => dialog().getByRole('button', { name, exact: true }).click();
const closed = () => dialog().waitFor({ state: 'detached' });

describe('the page', () => {
  it('knows the API as the daemon describes it', async () => {
    expect(differences(await daemon.ask<OpenApi>('GET', 'openapi.json'))).toEqual([]);
  });

  it('leads from nothing to a first vNVMe', async () => {
    await page.getByRole('link', { name: 'Claim a drive' }).click();
    await dialog().getByRole('radio', { name: /ram0/ }).check();
    await press('See what is on it');
    await dialog().getByText('Nothing is on it that claiming would destroy').waitFor();
    await press('Claim');
    await closed();
    await page.getByRole('row', { name: /ram0 free/ }).waitFor();

    await page.getByRole('button', { name: 'Claim a drive' }).click();
    await dialog().getByRole('radio', { name: /ram1/ }).check();
    await press('See what is on it');
    await press('Claim');
    await closed();

    await goTo('Pools');
    await page.getByRole('button', { name: 'Make a pool' }).first().click();
    await dialog().getByLabel('Name').fill('tank');
    await dialog()
      .getByRole('radio', { name: /mirror/ })
      .check();
    await dialog().getByRole('checkbox', { name: /ram0/ }).check();
    await dialog().getByText('A mirror has 2 or 3 drives').waitFor();
    await dialog().getByRole('checkbox', { name: /ram1/ }).check();
    await press('Make pool');
    await heading('Pools / tank');
    await page.getByRole('list', { name: 'Drives of pool tank, mirror' }).getByText('ram1').waitFor();

    await goTo('vNVMes');
    await page.getByRole('button', { name: 'Create vNVMe' }).first().click();
    await dialog().getByLabel('Name').fill('disk1');
    await dialog().getByRole('textbox', { name: 'Size' }).fill('20GB');
    await dialog().getByText('could mean powers of 1000 or of 1024').waitFor();
    await dialog().getByRole('textbox', { name: 'Size' }).fill('16M');
    await dialog().getByText('Limits and group').click();
    await dialog().getByLabel('Operations a second').fill('50000');
    await press('Create');
    await heading('vNVMes / disk1');
    await page.getByText('50000 IOPS; weight 100').waitFor();

    const made = await daemon.ask<VnvmeInfo>('GET', 'vnvmes/disk1');
    expect(made).toMatchObject({
      pool: 'tank',
      sizeBytes: 16 * 1024 ** 2,
      thick: false,
      qos: { limits: { iops: 50_000 } },
    });
    expect((await daemon.ask<PoolInfo>('GET', 'pools/tank')).layout).toBe('mirror');
  });

  it('says what the daemon refuses, and stays where one was', async () => {
    await goTo('vNVMes');
    await page.getByRole('button', { name: 'Create vNVMe' }).first().click();
    await dialog().getByLabel('Name').fill('disk1');
    await press('Create');
    await dialog().getByRole('alert').getByText('disk1').waitFor();
    await page.keyboard.press('Escape');
    await closed();
  });

  it('shows load as it comes', async () => {
    // As fast on a slow machine as on a quick one.
    await daemon.run('qos', 'disk1', '--limit-bw', '200M');
    try {
      const load = daemon.run('bench', 'disk1', '--workload', 'mixed', '--size', '64K', '--seconds', '12', '--yes');
      await expect
        .poll(() => page.getByRole('row', { name: /disk1/ }).innerText(), { timeout: 30_000 })
        .toMatch(/connected[\s\S]*process \d+[\s\S]*\d+ MiB\/s/);
      await page.getByRole('link', { name: 'disk1', exact: true }).click();
      await page.getByText(/most commands take up to [\d.]+ [nµm]?s/).waitFor();
      await load;
      await expect.poll(async () => (await daemon.ask<VnvmeInfo>('GET', 'vnvmes/disk1')).state).toBe('idle');
    } finally {
      await daemon.run('qos', 'disk1', '--limit-bw', 'none');
    }
  });

  it('takes snapshots, clones, compares and rolls back', async () => {
    await page.getByRole('button', { name: 'Take snapshot…' }).click();
    await dialog().getByLabel('Name').fill('before');
    await press('Take snapshot');
    await closed();
    await page.getByRole('button', { name: 'Diff from disk1@before' }).click();
    await dialog().getByText('of 16 MiB in 0 ranges may differ').waitFor();
    await page.keyboard.press('Escape');
    await closed();

    await page.getByRole('button', { name: 'Roll back to disk1@before' }).click();
    await dialog().getByText('what was written to disk1 since disk1@before').waitFor();
    await press('Roll back');
    await closed();

    await page.getByRole('button', { name: 'Clone disk1@before' }).click();
    await dialog().getByLabel('Name of the new vNVMe').fill('copy');
    await press('Clone');
    await heading('vNVMes / copy');
    await page.getByRole('row', { name: /copy idle/ }).waitFor();
    expect(await daemon.ask<SnapshotInfo>('GET', 'snapshots/disk1@before')).toMatchObject({ clones: ['copy'] });
  });

  it('refuses a change of what somebody else has changed meanwhile', async () => {
    await goTo('vNVMes');
    await page.getByRole('link', { name: 'copy', exact: true }).click();
    await page.getByRole('button', { name: 'Resize…' }).click();
    await dialog().getByRole('textbox', { name: 'Size' }).fill('32M');
    await daemon.ask('POST', 'vnvmes/copy/qos', { weight: 200 });
    await press('Resize');
    await dialog().getByText('somebody has changed this since you looked').waitFor();
    await page.keyboard.press('Escape');
    await closed();
    await page.getByRole('button', { name: 'Resize…' }).click();
    await dialog().getByRole('textbox', { name: 'Size' }).fill('32M');
    await press('Resize');
    await closed();
    expect(await daemon.ask<VnvmeInfo>('GET', 'vnvmes/copy')).toMatchObject({ sizeBytes: 32 * 1024 ** 2 });
  });

  it('says how a VM has it from its start', async () => {
    await page.getByRole('button', { name: "From a VM's start…" }).click();
    await dialog().getByText("<access mode='shared'/>").waitFor();
    await dialog().getByRole('combobox').selectOption('Cloud Hypervisor');
    await dialog().getByText('--user-device').waitFor();
    await page.keyboard.press('Escape');
    await closed();
  });

  it('lets hosts have it over TCP, and says by which ways', async () => {
    const nqn = 'nqn.2014-08.org.nvmexpress:uuid:5d0e3a9c-0000-4000-8000-000000000001';
    await heading('vNVMes / copy');
    const panel = page.getByRole('region', { name: 'Hosts over TCP' });
    await panel.getByText('No host may have it').waitFor();
    await panel.getByRole('button', { name: 'Allow a host…' }).click();
    await dialog().getByLabel("The host's NQN").fill('somebody');
    await press('Allow');
    await dialog().getByText('is no NQN of a host').waitFor();
    await dialog().getByLabel("The host's NQN").fill(nqn);
    await press('Allow');
    await closed();
    await panel
      .getByRole('row', { name: new RegExp(nqn) })
      .getByText('not connected')
      .waitFor();
    await panel.getByText(/nvme connect -t tcp -a 127.0.0.1/).waitFor();

    const [port] = (await daemon.ask<VnvmeInfo>('GET', 'vnvmes/copy')).paths.filter((p) => p.transport === 'tcp');
    const state = panel.getByRole('combobox', { name: `State of ${port?.name}` });
    await state.selectOption('inaccessible');
    await page.getByText(`${port?.name} is inaccessible`).waitFor();
    await expect.poll(() => state.inputValue()).toBe('inaccessible');
    const [set] = (await daemon.ask<VnvmeInfo>('GET', 'vnvmes/copy')).paths.filter((p) => p.transport === 'tcp');
    expect(set?.state).toBe('inaccessible');
    await state.selectOption('optimized');
    await page.getByText(`${port?.name} is optimized`).waitFor();
    await expect.poll(() => state.inputValue()).toBe('optimized');

    await panel.getByRole('checkbox', { name: /Shared/ }).click();
    await panel.getByRole('combobox', { name: 'State of pci' }).waitFor();
    await panel.getByRole('checkbox', { name: /Shared/ }).click();
    await panel.getByRole('combobox', { name: 'State of pci' }).waitFor({ state: 'detached' });

    await panel.getByRole('button', { name: `Deny ${nqn}` }).click();
    await press('Deny');
    await closed();
    await panel.getByText('No host may have it').waitFor();
  });

  it('exports into a file and imports it, as jobs', async () => {
    const file = join(daemon.folder, 'copy.raw');
    await page.getByRole('button', { name: 'Export…' }).click();
    await dialog().getByLabel('File').fill(file);
    await press('Export');
    await closed();
    await goTo('Jobs');
    await page.getByRole('row', { name: /export[\s\S]*done/ }).waitFor();

    await goTo('vNVMes');
    await page.getByRole('button', { name: 'Import…' }).click();
    await dialog().getByLabel('File,').fill(file);
    await dialog().getByLabel('Name of the new vNVMe').fill('again');
    await press('Import');
    await closed();
    await page.getByRole('row', { name: /again idle/ }).waitFor();
    expect(await daemon.ask<VnvmeInfo>('GET', 'vnvmes/again')).toMatchObject({ sizeBytes: 32 * 1024 ** 2 });
    await daemon.ask('DELETE', 'vnvmes/again');
  });

  it('gives a token once, lists and revokes it, and shows who did what', async () => {
    await page.goto(`${daemon.url}#/settings`);
    await page.getByRole('button', { name: 'Create token…' }).click();
    await dialog().getByLabel('Name').fill('ops');
    await dialog().getByLabel('Role').selectOption('viewer');
    await press('Create');
    await dialog().getByText('This is shown once').waitFor();
    const secret = await dialog().locator('code').innerText();
    expect(secret).toMatch(/^vnvme_/);
    await press('I have it');
    await closed();
    await page.getByRole('row', { name: /ops viewer/ }).waitFor();
    await page.getByRole('button', { name: 'Revoke ops' }).click();
    await press('Revoke');
    await closed();
    await page.getByText('there is no token').waitFor();
    await page.getByRole('row', { name: /DELETE \/api\/v1\/tokens\/ops/ }).waitFor();
    expect(await page.getByText(secret).count()).toBe(0);
  });

  it('shows at once what was done elsewhere', async () => {
    await goTo('vNVMes');
    await daemon.ask('POST', 'vnvmes', { name: 'elsewhere.img', sizeBytes: 1024 ** 2 });
    await page.getByRole('link', { name: 'elsewhere.img' }).click();
    await heading('vNVMes / elsewhere.img');
    await page.reload();
    await heading('vNVMes / elsewhere.img');
    await daemon.ask('DELETE', 'vnvmes/elsewhere.img');
    await heading('There is no vNVMe elsewhere.img');
  });

  it('says that the daemon is away, and goes on when it is back', async () => {
    await goTo('Overview');
    await daemon.stop();
    await page.getByRole('alert').getByText('No connection to the daemon').waitFor();
    await daemon.start();
    await page.getByText('No connection to the daemon').waitFor({ state: 'detached', timeout: 30_000 });
    await page.getByRole('status').getByText('online').waitFor();
  });

  it('destroys only what was named, and named again by who wants it', async () => {
    await goTo('Pools');
    await page.getByRole('heading', { name: 'tank' }).getByRole('link').click();
    await page.getByRole('button', { name: 'Destroy…' }).click();
    await dialog().getByText('vNVMe disk1, 16 MiB').waitFor();
    expect(await dialog().getByRole('button', { name: 'Destroy', exact: true }).isDisabled()).toBe(true);
    await page.keyboard.press('Escape');
    await closed();

    await goTo('vNVMes');
    await page.getByRole('link', { name: 'disk1', exact: true }).click();
    await page.getByRole('button', { name: 'Remove…' }).click();
    await press('Remove');
    await heading('vNVMes');
    await page.getByRole('link', { name: 'disk1', exact: true }).waitFor({ state: 'detached' });

    await goTo('Pools');
    await page.getByRole('heading', { name: 'tank' }).getByRole('link').click();
    await page.getByRole('button', { name: 'Destroy…' }).click();
    const typed = dialog().getByRole('textbox');
    if (await typed.isVisible()) {
      await typed.fill('tank');
    }
    await press('Destroy');
    await page.getByText('There is no pool yet').waitFor();

    await goTo('Drives');
    await page.getByRole('button', { name: 'Release ram1' }).click();
    await press('Release');
    await page.getByRole('button', { name: 'Release ram1' }).waitFor({ state: 'detached' });
    expect(await daemon.ask<DriveInfo>('GET', 'drives/ram1')).toMatchObject({ state: 'available' });
  });
});
