import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GroupInfo } from '../src/api/types';
import { launch, open } from './browser';
import { Daemon } from './daemon';

/** The page over TLS, where the daemon asks who one is. */
const daemon = new Daemon();
let browser: Browser;
let url: string;

beforeAll(async () => {
  url = `https://${await daemon.startListening()}/ui/`;
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await daemon.remove();
});

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe('who comes over TLS', () => {
  it('shows a token, may change what its role allows, and leaves', async () => {
    const token = (await daemon.run('token', 'create', 'ci', '--role', 'operator')).trim();
    const { page, wrongs } = await open(browser, url, { ignoreHTTPSErrors: true });
    await signIn(page, 'no such token');
    await page.getByRole('alert').waitFor();
    await signIn(page, token);
    await page.getByText('operator', { exact: true }).waitFor();

    await page.goto(`${url}#/groups`);
    await page.getByRole('button', { name: 'Create group' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('blue');
    await page.getByRole('dialog').getByLabel('Operations a second').fill('777');
    await page.getByRole('dialog').getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('row', { name: /blue 777 IOPS/ }).waitFor();
    expect(await daemon.ask<GroupInfo>('GET', 'groups/blue')).toMatchObject({ limits: { iops: 777 } });

    // Drives are for administrators: the button says so, and the daemon says so too.
    await page.goto(`${url}#/drives`);
    const claim = page.getByRole('button', { name: 'Claim a drive' }).first();
    expect(await claim.getAttribute('title')).toBe('Needs the role admin; you are operator');
    await claim.click({ force: true });
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.goto(`${url}#/drives?claim`);
    await page.getByRole('dialog').getByRole('button', { name: 'See what is on it' }).click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
    await page.keyboard.press('Escape');
    // Its address has no dialog any more: what follows is not overtaken by that.
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.waitForURL((now) => now.hash === '#/drives');

    await page.goto(`${url}#/settings`);
    await page.getByText('As ci, role operator.').waitFor();
    expect(await page.getByRole('heading', { name: 'Tokens' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to vNVMe' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in to vNVMe' }).waitFor();
    expect(wrongs).toEqual([]);
    await page.context().close();
  });

  it('is asked again when the token is taken away', async () => {
    const token = (await daemon.run('token', 'create', 'gone', '--role', 'viewer')).trim();
    const { page } = await open(browser, url, { ignoreHTTPSErrors: true });
    await signIn(page, token);
    await page.getByText('viewer', { exact: true }).waitFor();
    await daemon.run('token', 'rm', 'gone');
    await page.getByRole('heading', { name: 'Sign in to vNVMe' }).waitFor();
    await page.context().close();
  });
});
