import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { overWidth, violations } from './axe';
import { launch, open } from './browser';
import { Daemon } from './daemon';
import { peer, Peers } from './peers';

/** A VM that goes to a peer: the page with a real daemon, but that the test answers in the place of peers and QEMU. */
const daemon = new Daemon();
let browser: Browser;
let page: Page;
let wrongs: string[];
let there: Peers;

beforeAll(async () => {
  await daemon.start();
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await daemon.remove();
});
beforeEach(async () => {
  await page?.context().close();
  ({ page, wrongs } = await open(browser, 'about:blank'));
  there = new Peers();
  await there.serve(page);
  return () => expect(wrongs).toEqual([]);
});

const go = (path: string) => page.goto(`${daemon.url}#/${path}`);
const dialog = () => page.getByRole('dialog');
const press = (name: string) => dialog().last().getByRole('button', { name, exact: true }).click();
const closed = () => dialog().waitFor({ state: 'detached' });
const shows = (text: string | RegExp) => dialog().getByText(text).waitFor();
const current = () => page.locator('[aria-current="step"]').last().innerText();

describe('a VM', () => {
  const migrate = () => page.getByRole('region', { name: 'VM web1' }).getByRole('button', { name: 'Migrate…' }).click();

  it('has nowhere to go while no peer can be reached', async () => {
    await go('vms');
    await migrate();
    await shows('There is no peer');
    expect(await dialog().getByRole('button', { name: 'Check', exact: true }).isDisabled()).toBe(true);
    await page.keyboard.press('Escape');
    await closed();

    there.peers = [peer('store3', { state: 'unreachable', detail: 'connection refused' })];
    await page.reload();
    await migrate();
    await shows('No peer can be reached.');
    await shows('store3 is unreachable: connection refused');
  });

  it('goes only when all is well for it', async () => {
    there.peers = [peer('store2'), peer('store4')];
    there.check = { ready: false, findings: [finding('QEMU there', false, 'nobody listens at /run/web1.qmp')] };
    await go('vms');
    await migrate();
    await dialog().getByLabel('Destination').selectOption('store4');
    await press('Check');
    await shows('It cannot migrate yet.');
    await shows('nobody listens at /run/web1.qmp');
    expect(await dialog().getByRole('button', { name: 'Migrate', exact: true }).count()).toBe(0);

    there.check = { ready: true, findings: [finding('QEMU there', true, 'QEMU 10.1, waiting')] };
    await dialog().getByText('Pool and QEMU there').click();
    await dialog().getByLabel('QMP socket').fill('/run/other.qmp');
    await dialog().getByText('It cannot migrate yet.').waitFor({ state: 'detached' });
    await press('Check');
    await shows('It can migrate.');
    await press('Migrate');
    await dialog().getByRole('list', { name: 'Steps of the migration of web1' }).waitFor();
    const body = { to: 'store4', qmp: '/run/other.qmp' };
    expect(there.asked.slice(1)).toEqual([
      { method: 'POST', path: 'vms/web1/migrate/check', body },
      { method: 'POST', path: 'vms/web1/migrate', body },
    ]);
  });

  async function begin(): Promise<void> {
    there.peers = [peer('store2')];
    await go('vms');
    await migrate();
    await press('Check');
    await press('Migrate');
    await shows('look at store2');
    expect(
      await dialog()
        .getByRole('button', { name: 'Back to VMs' })
        .evaluate((b) => b === document.activeElement),
    ).toBe(true);
  }

  it('is followed to the other host, in the dialog and on its page', async () => {
    await begin();
    expect(await current()).toMatch(/preflight/i);
    there.copied('copy web, round 2: 13 MiB to go', 307, 320);
    await shows('copy web, round 2: 13 MiB to go');
    await shows(/307 MiB of 320 MiB at 212 MiB\/s/);
    expect(await current()).toMatch(/storage/i);
    await press('Back to VMs');
    await closed();

    const panel = page.getByRole('region', { name: 'VM web1' });
    there.copied('copy memory: 120 MiB to go', 904, 1024);
    await panel.getByText('copy memory: 120 MiB to go').waitFor();
    expect(await current()).toMatch(/memory/i);
    expect(await panel.getByRole('button', { name: 'Migrate…' }).count()).toBe(0);

    there.ended('done', 'web1 runs on store2; it stood still for 84 ms');
    there.vms = [];
    await page.getByRole('status').getByText('it stood still for 84 ms').waitFor();
  });

  it('stays when that is cancelled', async () => {
    await begin();
    there.copied('copy web, round 1: 40 MiB to go', 280, 320);
    await press('Cancel the migration…');
    await dialog().last().getByText('goes on here, as if nothing had been').waitFor();
    await press('Cancel the migration');
    await shows('It is being cancelled');
    expect(there.asked.at(-1)).toMatchObject({ method: 'DELETE', path: 'jobs/41' });
    there.ended('cancelled', 'cancelled');
    await shows('web1 goes on here.');
  });

  it('of which is not known where it is holds its peer, until somebody is sure', async () => {
    await begin();
    there.copied('wait for store2 to say whether it has taken the VM (no answer)', 1024, 1024);
    await shows(/^wait for store2/);
    expect(await dialog().getByRole('button', { name: 'Cancel the migration…' }).isDisabled()).toBe(true);
    await go('settings');
    await page.getByRole('button', { name: 'Remove peer store2' }).click();
    await shows('It has not said whether it has taken web1.');
    expect(await dialog().getByRole('button', { name: 'Remove', exact: true }).isDisabled()).toBe(true);
    await dialog().getByRole('textbox').fill('store2');
    expect(await dialog().getByRole('button', { name: 'Remove', exact: true }).isDisabled()).toBe(false);
  });

  it('that could not go is told of, with the reason', async () => {
    await begin();
    there.copied('copy memory: 120 MiB to go', 904, 1024);
    await expect.poll(current).toMatch(/memory/i);
    there.ended('failed', 'store2: no space is left in pool tank');
    await shows('The migration of web1 failed: store2: no space is left in pool tank');
    await dialog().getByRole('listitem').filter({ hasText: 'memory (not done)' }).waitFor();
  });

  it.each(['light', 'dark'] as const)('and its way can be seen and heard by all, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    const found: string[] = [];
    const look = async (what: string) => {
      found.push(...(await violations(page, what)));
      await page.setViewportSize({ width: 360, height: 800 });
      const over = await overWidth(page);
      found.push(...(over > 0 ? [`${what} by ${over}`] : []));
      await page.setViewportSize({ width: 1280, height: 900 });
    };
    there.peers = [peer('store2'), peer('store3', { state: 'refused', detail: 'its token has expired' })];
    await go('settings');
    await page.getByRole('row', { name: /store3/ }).waitFor();
    await look('peers');
    there.check = { ready: true, findings: [finding('peer', true, 'store2'), finding('names', false, 'web is taken')] };
    await go('vms');
    await migrate();
    await press('Check');
    await shows('web is taken');
    await look('findings');
    await press('Migrate');
    there.copied('copy memory: 120 MiB to go', 904, 1024);
    await shows('copy memory: 120 MiB to go');
    await look('progress');
    there.ended('failed', 'store2: no space is left in pool tank');
    await shows(/The migration of web1 failed/);
    await look('failure');
    expect(found).toEqual([]);
  });
});

function finding(what: string, ok: boolean, detail: string) {
  return { what, ok, detail };
}
