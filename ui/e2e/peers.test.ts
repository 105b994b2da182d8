import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { PeerInfo } from '../src/api/peers';
import { launch, open } from './browser';
import { Daemon } from './daemon';

/** Two daemons, of which one gets to know the other. */
const here = new Daemon();
const there = new Daemon();
let browser: Browser;
let page: Page;
let wrongs: string[];
let address: string;
let token: string;
let fingerprint: string;

beforeAll(async () => {
  await here.start();
  address = await there.startListening();
  token = (await there.run('token', 'create', 'migrations', '--role', 'operator')).trim();
  fingerprint = /([0-9A-F]{2}:){31}[0-9A-F]{2}/.exec(await there.run('status'))?.[0] ?? '';
  browser = await launch();
  ({ page, wrongs } = await open(browser, `${here.url}#/settings`));
});
afterEach(() => expect(wrongs.splice(0)).toEqual([]));
afterAll(async () => {
  await browser?.close();
  await here.remove();
  await there.remove();
});

const panel = () => page.getByRole('region', { name: 'Peers' });
const dialog = () => page.getByRole('dialog');
const press = (name: string) => dialog().getByRole('button', { name, exact: true }).click();
const closed = () => dialog().waitFor({ state: 'detached' });
const known = async () => (await here.ask<PeerInfo[]>('GET', 'peers')).map((p) => p.name);

async function fill(): Promise<void> {
  await panel().getByRole('button', { name: 'Add peer…' }).click();
  await dialog().getByLabel('Name').fill('west');
  await dialog().getByLabel('Address').fill(address);
  await dialog().getByLabel('Token').fill(token);
}

it('is added by its fingerprint, and removed', async () => {
  await panel().getByText('No other daemon is known').waitFor();
  await fill();
  await dialog().getByLabel('Fingerprint').fill(fingerprint.replaceAll(/[0-9]/g, '0'));
  await press('Add');
  await dialog().getByRole('alert').getByText('west').waitFor();
  expect(await known()).toEqual([]);
  await dialog().getByLabel('Fingerprint').fill(fingerprint);
  await press('Add');
  await closed();
  await panel()
    .getByRole('row', { name: new RegExp(`west[\\s\\S]*${address}[\\s\\S]*reachable`) })
    .waitFor();

  await panel().getByRole('button', { name: 'Remove peer west' }).click();
  await press('Remove');
  await closed();
  await panel().getByText('No other daemon is known').waitFor();
  expect(await known()).toEqual([]);
});

it.each([
  ['It is another: remove it', []],
  ['It is the same', ['west']],
])('is compared when its certificate was not known: %s', async (answer, left) => {
  await fill();
  await press('Add');
  await dialog().getByText(fingerprint).waitFor();
  await press(answer);
  await closed();
  expect(await known()).toEqual(left);
});

it('that is away is said to be, and why', async () => {
  await there.stop();
  const row = panel().getByRole('row', { name: /west[\s\S]*unreachable/ });
  await row.waitFor();
  const [west] = await here.ask<PeerInfo[]>('GET', 'peers');
  await row.getByText(west?.detail ?? 'nothing').waitFor();
});
