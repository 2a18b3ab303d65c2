import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type Pack, startPack } from '../../../local/pack/pack.ts';
import { discoverWings } from '../../../local/scenario-kit/discover.ts';
import { animate, type Frame } from './animation.ts';
import { launchBrowser } from './browser.ts';
import { findChromium, NO_CHROMIUM } from './chromium.ts';

// Takes the pictures of the local account's page for the docs: npm run pictures [-- <folder>]

const sizes = {
  console: { width: 1280, height: 1000 },
  'console-phone': { width: 390, height: 844 },
} as const;
const tourSize = { width: 1120, height: 780 } as const;

async function open(browser: Browser, pack: Pack, options: Parameters<Browser['newPage']>[0]): Promise<Page> {
  const page = await browser.newPage(options);
  await page.goto(pack.url);
  await page.locator('body.live').waitFor();
  return page;
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** One frame for each thing that happens, and in between the button that causes it. */
async function takeTour(browser: Browser, pack: Pack): Promise<Buffer> {
  const page = await open(browser, pack, { viewport: tourSize, colorScheme: 'light' });
  const frames: Frame[] = [];
  const keep = async (ms: number): Promise<void> => {
    frames.push({ picture: await page.screenshot(), ms });
  };
  const press = async (name: string, expected: string): Promise<void> => {
    await button(page, name).hover();
    await keep(700);
    await button(page, name).click();
    await page.locator('section', { hasText: expected }).first().waitFor({ timeout: 60_000 });
    await page.mouse.move(0, 0);
  };
  await keep(1200);
  await press('Interrupt a Spot instance', 'replacement ordered');
  await page.getByText('event Instance Cordoned').first().waitFor();
  for (const ms of [1800, 1000, 1000]) {
    await keep(ms);
    await page.waitForTimeout(1000);
  }
  await press('EC2 reclaims what is interrupted', '4 instances, none cordoned');
  await keep(1500);
  await press('The incident ends', 'cooling down');
  await keep(1800);
  await press('+15 min', 'gate open');
  await keep(2200);
  await page.getByLabel('kill the function half way').check();
  await press('Interrupt a Spot instance', 'Runtime exited');
  await keep(2200);
  await press('+1 min', 'ok (delivery 2)');
  await keep(3000);
  await page.close();
  return animate(frames);
}

async function takePictures(browser: Browser, pack: Pack, folder: string): Promise<void> {
  const page = await open(browser, pack, {});
  await button(page, 'Promote a new build').click();
  await page.locator('#build-promotion', { hasText: 'b-43' }).waitFor();
  await button(page, 'Interrupt a Spot instance').click();
  await page.locator('#spot-cordon', { hasText: 'replacement ordered' }).waitFor();
  await page.close();
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [name, viewport] of Object.entries(sizes)) {
      const shown = await open(browser, pack, { colorScheme, viewport });
      const file = `${name}${colorScheme === 'dark' ? '-dark' : ''}.png`;
      await shown.screenshot({ path: join(folder, file) });
      await shown.close();
    }
  }
}

async function main([
  folder = join(import.meta.dirname, '../../../docs/images'),
]: readonly string[]): Promise<void> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(NO_CHROMIUM);
  mkdirSync(folder, { recursive: true });
  const [browser, pack] = await Promise.all([launchBrowser(executablePath), startPack()]);
  const seed = async (): Promise<void> => {
    for (const wing of await discoverWings()) await wing.seed?.(pack, { saveEvent: async () => '' });
  };
  let stop: (() => Promise<void>) | undefined;
  try {
    await seed();
    pack.onReset(seed);
    stop = pack.live();
    await takePictures(browser, pack, folder);
    const page = await open(browser, pack, {});
    await button(page, 'Reset').click();
    await page.getByText('The account is as it was at the start.').waitFor({ timeout: 60_000 });
    await page.close();
    writeFileSync(join(folder, 'console-tour.png'), await takeTour(browser, pack));
  } finally {
    await browser.close();
    await stop?.();
    await pack.close();
  }
}

await main(process.argv.slice(2));
