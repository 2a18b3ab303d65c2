import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Pack, startPack } from '../../../local/pack/pack.ts';
import { discoverWings } from '../../../local/scenario-kit/discover.ts';
import { faintTexts, launchBrowser, saveScreenshot, screens } from '../../support/browser/browser.ts';
import { findChromium, NO_CHROMIUM } from '../../support/browser/chromium.ts';

const executablePath = findChromium();
const isNeeded = Boolean(process.env.CI);
const INTERRUPT = 'Interrupt a Spot instance';

it('finds a Chromium where one is required', () => {
  if (!executablePath && !isNeeded) console.log(NO_CHROMIUM);
  expect(executablePath !== undefined || !isNeeded, NO_CHROMIUM).toBe(true);
});

describe.runIf(executablePath)('the page of the local account', { timeout: 180_000 }, () => {
  let browser: Browser;
  let pack: Pack;
  let stop: () => Promise<void>;
  const complaints: string[] = [];

  async function seed(): Promise<void> {
    for (const wing of await discoverWings()) await wing.seed?.(pack, { saveEvent: async () => '' });
  }

  beforeAll(async () => {
    [browser, pack] = await Promise.all([launchBrowser(executablePath ?? ''), startPack()]);
    await seed();
    pack.onReset(seed);
    stop = pack.live();
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await stop?.();
    await pack?.close();
  });

  afterEach(async () => {
    complaints.length = 0;
    await Promise.all(browser.contexts().map((one) => one.close()));
  });

  async function open(options: BrowserContextOptions = {}, path = '/'): Promise<Page> {
    const context = await browser.newContext({ viewport: screens.desk, ...options });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(new URL(path, pack.url).href);
    return page;
  }

  const press = (page: Page, name: string): Promise<void> =>
    page.getByRole('button', { name, exact: true }).click();
  const panel = (page: Page, id: string) => page.locator(`#${id}`);

  it('shows what each wing has, before anything happens', async () => {
    const page = await open();

    const titles = await page.locator('#left h2').allTextContents();
    expect(titles.slice(0, 5)).toEqual(['Fleet', 'Pipelines', 'Disks', 'Approvals', 'Builds on EFS']);
    expect(await panel(page, 'spot-cordon').textContent()).toContain('4 instances, none cordoned, 1 busy');
    expect(await panel(page, 'health-gate').textContent()).toMatch(/gate held.*attempt 1 of 3.*gives up/s);
    expect(await panel(page, 'disk-alarms').locator('line.tick').count()).toBe(4);
    expect(await panel(page, 'ami-approval').textContent()).toContain('0 of 1 approval');
    expect(await panel(page, 'build-promotion').textContent()).toMatch(/prod.*b-42.*b-41b-42/s);
  });

  it('loads an event, a mail and a table when somebody opens them, so the page itself is short', async () => {
    const page = await open();
    const chain = page.locator('.chain', { hasText: 'Image Builder Image State Change' }).first();
    await chain.getByText('the event', { exact: true }).click();
    await chain.locator('pre', { hasText: '"detail-type"' }).waitFor();
    const mail = page.locator('.mail', { hasText: 'Approve AMI web-server 1.3.0/12?' }).first();
    await mail.locator('summary').click();
    await mail.getByText('waits for your decision').waitFor();
    await page.locator('#machinery-schedules summary').click();
    await page.locator('#machinery-schedules').getByText('PruneBuildsSweep').waitFor();

    const markup = await (await fetch(pack.url)).text();
    expect(markup.length).toBeLessThan(45_000);
    expect(complaints).toEqual([]);
  });

  it('leads to a mail and an event without a script', async () => {
    const page = await open({ javaScriptEnabled: false });
    const mail = page.locator('.mail', { hasText: 'Approve AMI web-server 1.3.0/12?' }).first();
    await mail.locator('summary').click();
    await mail.getByText('Show it').click();
    await page.getByText('waits for your decision').waitFor();
    await page.goBack();
    const chain = page.locator('.chain', { hasText: 'Image Builder Image State Change' }).first();
    await chain.getByText('the event', { exact: true }).click();
    await chain.getByText('Show it').click();
    await page.locator('pre', { hasText: '"detail-type"' }).waitFor();
  });

  it('is live: what a button causes appears by itself, as a chain and in the panel', async () => {
    const page = await open();
    await page.evaluate('window.isTheSamePage = true');
    await press(page, INTERRUPT);

    const fleet = panel(page, 'spot-cordon');
    await fleet.getByText('replacement ordered').waitFor();
    await fleet.getByText(/^1:\d\d$|^2:00$/).waitFor();
    const chain = page.locator('.chain', { hasText: 'Spot Instance Interruption Warning' });
    await chain.getByText('CordonInstances').waitFor();
    await chain.locator('.call.write', { hasText: 'DeregisterTargets' }).waitFor();
    await chain.getByText('event Instance Cordoned').waitFor();

    expect(await page.evaluate('window.isTheSamePage')).toBe(true);
    expect(complaints).toEqual([]);
  });

  it('counts down, and turns the clock to the next deadline', async () => {
    const page = await open();
    await press(page, 'Recommend a rebalance');
    const left = panel(page, 'spot-cordon').locator('time').last();
    await left.waitFor();
    const before = await left.textContent();
    await expect.poll(() => left.textContent(), { timeout: 90_000 }).not.toBe(before);

    const now = pack.clock.now();
    await page.getByRole('button', { name: /^until / }).click();
    await expect.poll(() => pack.clock.now() - now, { timeout: 60_000 }).toBeGreaterThan(30_000);
  });

  it('keeps what somebody chose and typed while a section changes', async () => {
    const page = await open();
    await page.getByLabel('send it twice').check();
    await page.getByLabel('Only with').fill('i-0');
    await press(page, 'Clean /data up');
    await page.locator('.result', { hasText: 'Clean /data up: ' }).waitFor();
    await pack.put({ source: 'trial', 'detail-type': 'Somebody else', detail: {} });
    await page.locator('.chain', { hasText: 'Somebody else' }).waitFor();

    expect(await page.getByLabel('send it twice').isChecked()).toBe(true);
    expect(await page.getByLabel('Only with').inputValue()).toBe('i-0');
  });

  it('resets the account to the samples', async () => {
    const page = await open();
    await press(page, 'Reset');
    await panel(page, 'spot-cordon').getByText('4 instances, none cordoned').waitFor();
    await page.getByText('The account is as it was at the start.').waitFor();
  });

  it('shows that a function killed half way has done its work after the next delivery', async () => {
    const page = await open();
    await page.getByLabel('kill the function half way').check();
    await press(page, INTERRUPT);
    const chain = page.locator('.chain', { hasText: 'Spot Instance Interruption Warning' }).first();
    await chain.getByText('killed', { exact: true }).waitFor();

    await page.getByLabel('kill the function half way').uncheck();
    await press(page, '+15 min');
    await chain.getByText('ok (delivery 2)').waitFor();
    await panel(page, 'spot-cordon').getByText('replacement ordered').waitFor();
    expect(await page.locator('.counts').textContent()).toContain('0 dead letters');
  });

  it('shows which workers are busy, until their heartbeats stop', async () => {
    const page = await open();
    await press(page, 'Reset');
    await page.getByText('The account is as it was at the start.').waitFor();
    const fleet = panel(page, 'spot-cordon');
    expect(await fleet.locator('.tile', { hasText: 'busy' }).allTextContents()).toEqual([
      expect.stringContaining('busy 35 min'),
    ]);

    await press(page, 'Start a job');
    await fleet.locator('.tile', { hasText: 'busy 0 min' }).waitFor();
    await fleet.getByText('4 instances, none cordoned, 2 busy').waitFor();

    await press(page, '+15 min');
    await fleet.getByText(/^4 instances, none cordoned$/).waitFor();
    expect(complaints).toEqual([]);
  });

  it('shows that a storm of a thousand events is one cordon', async () => {
    const page = await open();
    const { length } = pack.mails();
    await page.getByLabel('a storm of 1,000').check();
    await press(page, INTERRUPT);
    await page.locator('.chain strong', { hasText: '×1,000' }).waitFor();
    await panel(page, 'spot-cordon').getByText('1 of 5 cordoned').waitFor();
    expect(pack.mails().length - length).toBeLessThanOrEqual(1);
  });

  it('works without a script: every section is there, a button shows its effect after it', async () => {
    const page = await open({ javaScriptEnabled: false });
    await press(page, 'Fill /data to 95 %');
    await page.waitForURL(`${pack.url}/`);
    await panel(page, 'disk-alarms').getByText('critical', { exact: true }).waitFor();
    await page.locator('.result', { hasText: 'Fill /data to 95 %: ' }).waitFor();
    await page
      .locator('.mail', { hasText: /ALARM: "groundcrew-disk-.*critical-\/data/ })
      .first()
      .waitFor();

    const filtered = await open({ javaScriptEnabled: false }, '/?q=orders');
    const chains = await filtered.locator('.chain').allTextContents();
    expect(chains.length).toBeGreaterThan(0);
    for (const text of chains) expect(text).toContain('orders');
  });

  it('resumes a deployment when the incident is over and the clock is turned', async () => {
    const page = await open();
    await press(page, 'Reset');
    await page.getByText('The account is as it was at the start.').waitFor();
    await press(page, 'The incident ends');
    await panel(page, 'health-gate').getByText('cooling down').waitFor();
    await press(page, '+15 min');
    await panel(page, 'health-gate').getByText('gate open').waitFor();
    await page.locator('.mail', { hasText: 'Deployment resumed: orders, stage Prod' }).first().waitFor();
  });

  it('has no button that fails', async () => {
    const page = await open();
    await press(page, 'Reset');
    await page.getByText('The account is as it was at the start.').waitFor();
    const names = await page.locator('#try button').allTextContents();
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      await page.locator('#try').getByRole('button', { name, exact: true }).click();
      await page.locator('.result:not(.error)', { hasText: `${name}: ` }).waitFor();
    }
    await panel(page, 'build-promotion').getByRole('button', { name: 'Roll back' }).first().click();
    await page.locator('.result:not(.error)', { hasText: 'Roll back: ' }).waitFor();
    expect(complaints).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('fits a phone and a desk and is readable, %s', async (colorScheme) => {
    const page = await open({ colorScheme });
    for (const [screen, size] of Object.entries(screens)) {
      await page.setViewportSize(size);
      await page.goto(pack.url);
      expect(await page.evaluate('document.documentElement.scrollWidth'), screen).toBeLessThanOrEqual(
        size.width,
      );
      expect(await faintTexts(page), `${screen}, ${colorScheme}`).toEqual([]);
      await saveScreenshot(page, `console-${screen}-${colorScheme}`);
    }
  });
});
