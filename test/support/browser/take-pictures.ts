import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type Pack, startPack } from '../../../local/pack/pack.ts';
import { discoverWings } from '../../../local/scenario-kit/discover.ts';
import { launchBrowser } from './browser.ts';
import { findChromium, NO_CHROMIUM } from './chromium.ts';

// Takes the pictures of the console in docs/images: node test/support/browser/take-pictures.ts [folder]

/** Presses the button and waits until the page shows what comes of it. */
async function press(page: Page, button: string, expected: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.getByText(expected).first().waitFor({ timeout: 60_000 });
}

/** What a newcomer does first. */
export async function tellStory(page: Page): Promise<void> {
  await press(page, 'Promote a new build', 'To-prod');
  await press(page, 'Interrupt a Spot instance', 'replacement ordered');
  await page.getByText('Instance Cordoned').first().waitFor();
}

async function take(browser: Browser, pack: Pack, folder: string): Promise<void> {
  const live = pack.live();
  const first = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await first.goto(pack.url);
  await tellStory(first);
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [name, width, height] of [
      ['', 1280, 1000],
      ['-phone', 390, 844],
    ] as const) {
      const page = await browser.newPage({ colorScheme, viewport: { width, height } });
      await page.goto(pack.url);
      await page.locator('body.live').waitFor();
      const path = join(folder, `console${name}${colorScheme === 'dark' ? '-dark' : ''}.png`);
      await page.screenshot({ path });
      if (process.env.FULL === '1')
        for (const at of [1, 2, 3]) {
          await page.evaluate(`scrollTo(0, ${at * (height - 110)})`);
          await page.screenshot({ path: path.replace('.png', `.${at}.png`) });
        }
      await page.close();
    }
  }
  await live();
}

if (process.argv[1] === import.meta.filename) {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(NO_CHROMIUM);
  const folder = process.argv[2] ?? join(import.meta.dirname, '../../../docs/images');
  const [browser, pack] = await Promise.all([launchBrowser(executablePath), startPack()]);
  try {
    for (const { seed } of await discoverWings()) await seed?.(pack, { saveEvent: async () => '' });
    pack.onReset(async () => {});
    await take(browser, pack, folder);
  } finally {
    await browser.close();
    await pack.close();
  }
}
