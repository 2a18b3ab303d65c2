import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

/** The widths that every page must fit. */
export const screens = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 } } as const;

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--hide-scrollbars'];
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];

export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...FLAGS, ...QUIET] });
}

/** With SCREENSHOTS=<folder> a test also saves its pages as pictures. */
export async function saveScreenshot(page: Page, name: string): Promise<void> {
  const { SCREENSHOTS: folder } = process.env;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

const script = readFileSync(join(import.meta.dirname, 'faint-texts.js'), 'utf8');

/** The texts of a page that have too little contrast. */
export function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(script);
}
