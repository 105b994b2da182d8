import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, open } from './browser';
import { Daemon } from './daemon';

/** A host with a thousand vNVMes, and a few more than the daemon gives at once. */
const COUNT = 1010;
const daemon = new Daemon();
let browser: Browser;
let page: Page;
let wrongs: string[];

beforeAll(async () => {
  await daemon.start();
  await daemon.ask('POST', 'drives', { spec: 'null:1T' });
  for (let i = 0; i < COUNT; i++) {
    await daemon.ask('POST', 'vnvmes', { name: `d${String(i).padStart(4, '0')}`, sizeBytes: 1024 ** 3 });
  }
  browser = await launch();
  ({ page, wrongs } = await open(browser, daemon.url));
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await daemon.remove();
});

it('shows them all, some at a time', async () => {
  await page.goto(`${daemon.url}#/vnvmes`);
  await page.getByRole('row', { name: /d0099/ }).waitFor();
  expect(await page.getByRole('row', { name: /d0100/ }).count()).toBe(0);
  await page.getByRole('button', { name: `Show more (${COUNT - 100})` }).click();
  await page.getByRole('row', { name: /d0199/ }).waitFor();

  await page.getByRole('searchbox').fill('d1009');
  await page.getByRole('link', { name: 'd1009' }).click();
  await page.getByRole('heading', { level: 1, name: 'vNVMes / d1009' }).waitFor();
  await daemon.ask('POST', 'vnvmes/d1009/rename', { name: 'last' });
  await page.getByRole('heading', { name: 'There is no vNVMe d1009' }).waitFor();

  for (const [path, heading] of Object.entries({ '': 'Overview', 'pools/pool0': 'Pools / pool0', vms: 'VMs' })) {
    await page.goto(`${daemon.url}#/${path}`);
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    await page.getByText('Loading').first().waitFor({ state: 'detached' });
  }
  expect(wrongs).toEqual([]);
});
