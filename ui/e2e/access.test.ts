import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overWidth, violations } from './axe';
import { launch, open } from './browser';
import { Daemon } from './daemon';

/** Every page, with something on it, for who sees little, uses no mouse, or has a small screen. */
const PAGES = [
  '',
  'drives',
  'drives?claim',
  'pools',
  'pools?create',
  'pools/tank',
  'vnvmes',
  'vnvmes?create',
  'vnvmes/disk1',
  'vms',
  'groups',
  'jobs',
  'events',
  'reactors',
  'settings',
  'nowhere',
];

const daemon = new Daemon();
let browser: Browser;

beforeAll(async () => {
  await daemon.start();
  browser = await launch();
  for (const spec of ['ram0', 'ram1', 'ram2']) {
    await daemon.ask('POST', 'drives', { spec });
  }
  await daemon.ask('POST', 'pools', { name: 'tank', drives: ['ram0', 'ram1'], layout: 'mirror' });
  await daemon.ask('POST', 'groups', { name: 'blue', limits: { iops: 1000 } });
  await daemon.ask('POST', 'vnvmes', { name: 'disk1', sizeBytes: 1024 ** 2, qos: { group: 'blue' } });
  await daemon.ask('POST', 'vnvmes/disk1/snapshots', { name: 's1' });
  await daemon.ask('POST', 'snapshots/clone', { snapshot: 'disk1@s1', name: 'copy' });
  await daemon.ask('POST', 'pools/tank/scrub', {});
});
afterAll(async () => {
  await browser?.close();
  await daemon.remove();
});

async function show(page: Page, path: string): Promise<void> {
  await page.goto(`${daemon.url}#/${path}`);
  await page
    .getByRole(path.includes('?') ? 'dialog' : 'heading')
    .first()
    .waitFor();
  // What is on its way is not looked at.
  await page.getByText('Loading').first().waitFor({ state: 'detached' });
}

describe('every page', () => {
  it.each(['light', 'dark'] as const)('keeps to WCAG AA, %s', async (colorScheme) => {
    const { page, wrongs } = await open(browser, daemon.url, { colorScheme });
    const found: string[] = [];
    for (const path of PAGES) {
      await show(page, path);
      found.push(...(await violations(page, path)));
    }
    expect(found).toEqual([]);
    expect(wrongs).toEqual([]);
    await page.context().close();
  });

  it.each([360, 760, 1024, 2560])('fits a screen %i wide', async (width) => {
    const { page } = await open(browser, daemon.url, { viewport: { width, height: 800 } });
    const wide: string[] = [];
    for (const path of PAGES) {
      await show(page, path);
      const over = await overWidth(page);
      if (over > 0) {
        wide.push(`#/${path} by ${over}`);
      }
    }
    expect(wide).toEqual([]);
    await page.context().close();
  });
});

describe('the keyboard', () => {
  it('opens a dialog, stays in it, closes it, and is where it was', async () => {
    const { page } = await open(browser, `${daemon.url}#/vnvmes/disk1`);
    const button = page.getByRole('button', { name: 'Resize…' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Resize disk1' }).waitFor();
    for (let i = 0; i < 8; i++) {
      await page.keyboard.press('Tab');
      const where = await page.evaluate(() => {
        const focused = document.activeElement;
        return focused === document.body || focused?.closest('dialog') !== null;
      });
      expect(where).toBe(true);
    }
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await button.evaluate((b) => b === document.activeElement)).toBe(true);
    await page.context().close();
  });

  it('reaches the page past the navigation, and the theme that was chosen stays', async () => {
    const { page } = await open(browser, `${daemon.url}#/settings`);
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN');
    await page.getByRole('radio', { name: 'dark' }).check();
    await page.reload();
    expect(await page.evaluate(() => getComputedStyle(document.body).colorScheme)).toBe('dark');
    await page.context().close();
  });
});
