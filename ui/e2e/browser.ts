import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** Debian's name, or what the environment says. */
const CHROMIUM = process.env.VNVME_CHROMIUM ?? '/usr/bin/chromium';
const WAIT_MS = 30_000;
/** The browser says this by itself of each answer that is no success; tests that provoke one expect it. */
const ANSWERED = 'Failed to load resource';

export function launch(): Promise<Browser> {
  // Tests run as root in containers, where Chromium has no sandbox.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** A page, and what went wrong in it: errors of scripts, and what the content security policy forbade. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; wrongs: string[] }> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const wrongs: string[] = [];
  page.on('pageerror', (error) => wrongs.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !message.text().startsWith(ANSWERED)) {
      wrongs.push(message.text());
    }
  });
  await page.goto(url);
  return { page, wrongs };
}
