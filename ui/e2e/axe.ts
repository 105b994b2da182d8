import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds against WCAG 2.2 A and AA, contrast among it. */
export async function violations(page: Page, path: string): Promise<string[]> {
  // The page's policy lets no foreign script in; the debugger's channel is not bound by it.
  await page.evaluate(AXE);
  return page.evaluate(async (shown) => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const result = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
    return result.violations.map((v) => `#/${shown}: ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`);
  }, path);
}

/** By how many pixels it is wider than the screen. */
export function overWidth(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}
