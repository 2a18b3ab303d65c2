import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderInvalidLinkPage, renderPage } from '../../../functions/ami-approval/decide-approval/page.ts';
import { type Pack, startPack } from '../../../local/pack/pack.ts';
import {
  findLink,
  requestApproval,
  subscribeApprovers,
} from '../../../local/scenarios/ami-approval/approvers.ts';
import { createBuild } from '../../../local/scenarios/ami-approval/builds.ts';
import {
  OWNERS_MAIL,
  observe,
  SHARED_PERMISSIONS,
  stateOf,
} from '../../../local/scenarios/ami-approval/observe.ts';
import { faintTexts, launchBrowser, saveScreenshot, screens } from '../../support/browser/browser.ts';
import { findChromium, NO_CHROMIUM } from '../../support/browser/chromium.ts';
import { ANN, NOW, states } from './approvals.ts';

const executablePath = findChromium();
const isNeeded = Boolean(process.env.CI);
const counts = { all: 20, critical: 2, high: 5, medium: 9 };
const findings = { image: '', part: 'findings', revision: '', counts, at: NOW };

it('finds a Chromium where one is required', () => {
  if (!executablePath && !isNeeded) console.log(NO_CHROMIUM);
  expect(executablePath !== undefined || !isNeeded, NO_CHROMIUM).toBe(true);
});

describe.runIf(executablePath)('the page in a browser', () => {
  let browser: Browser;
  let pack: Pack;

  beforeAll(async () => {
    [browser, pack] = await Promise.all([launchBrowser(executablePath ?? ''), startPack()]);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await pack?.close();
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: screens.phone, ...options });
    return context.newPage();
  }

  it('leads an approver from the mail to the shared AMI, without a script', async () => {
    await subscribeApprovers(pack);
    const made = await requestApproval(pack, await createBuild(pack));
    const page = await open({ javaScriptEnabled: false });
    const messages: string[] = [];
    page.on('console', (message) => messages.push(message.text()));
    await page.goto(new URL(findLink(pack, 'ann'), pack.url).href);
    expect(await page.title()).toBe('Approve web-server 1.4.0/7?');

    await page.getByLabel('To approve, type the last 6').fill('000000');
    await page.getByRole('button', { name: 'Approve' }).click();
    expect(await page.getByRole('alert').textContent()).toMatch(/^Not approved: type [0-9a-f]{6} exactly/);
    expect(await page.getByLabel('To approve, type the last 6').inputValue()).toBe('000000');

    const code = (made.amis[0]?.id ?? '').slice(-6);
    await page.getByLabel('Comment').fill('tested by hand');
    await page.getByLabel('To approve, type the last 6').fill(` ${code.toUpperCase()} `);
    await page.keyboard.press('Enter');
    // The response redirects to the same address, so only the heading shows that the page is new.
    await page.getByRole('heading', { level: 1, name: 'web-server 1.4.0/7 is approved' }).waitFor();
    expect(new URL(page.url()).pathname).toBe(findLink(pack, 'ann'));

    await pack.settle();
    await page.reload();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('web-server 1.4.0/7 is shared');
    expect(await page.getByRole('listitem').allTextContents()).toEqual([
      expect.stringMatching(/^You approved it, .*: “tested by hand”$/),
    ]);
    const outcome = await observe(pack, made);
    expect(stateOf(outcome).permissions).toEqual([SHARED_PERMISSIONS]);
    expect(outcome.mails).toContain(OWNERS_MAIL);
    expect(messages.filter((text) => /Content Security|Refused/.test(text))).toEqual([]);
  });

  it('lets an approver reject with the keyboard alone', async () => {
    await pack.reset();
    await subscribeApprovers(pack);
    const made = await requestApproval(pack, await createBuild(pack));
    const page = await open({ viewport: screens.desk });
    await page.goto(new URL(findLink(pack, 'ben'), pack.url).href);
    await page.getByRole('button', { name: 'Reject' }).click();
    expect(await page.title(), 'the browser itself requires a reason').toMatch(/^Approve/);
    await page.getByLabel('To approve, type the last 6').focus();
    for (const _ of ['to the comment', 'to Approve', 'to the reason']) await page.keyboard.press('Tab');
    await page.keyboard.type('<b>no</b> & "never"');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'web-server 1.4.0/7 was rejected' }).waitFor();
    expect(await page.getByRole('status').textContent()).toContain('<b>no</b> & "never"');
    await pack.settle();
    expect(stateOf(await observe(pack, made)).permissions).toEqual([[]]);
  });

  const pages = Object.entries(states).map(([name, record]) => [
    name,
    renderPage({
      record,
      approver: ANN,
      subscriptions: [],
      findings: name === 'already shared' ? findings : undefined,
      now: NOW,
    }),
  ]);
  const all: [string, string][] = [
    ...pages.map(([name = '', text = '']): [string, string] => [name, text]),
    ['invalid link', renderInvalidLinkPage()],
  ];

  it.each(['light', 'dark'] as const)(
    'fits a phone and a desk in every state and is readable, %s',
    async (colorScheme) => {
      const page = await open({ colorScheme });
      for (const [screen, size] of Object.entries(screens)) {
        await page.setViewportSize(size);
        for (const [name, text] of all) {
          await page.setContent(text);
          const width = await page.evaluate('document.documentElement.scrollWidth');
          expect(width, `${name} on a ${screen}`).toBeLessThanOrEqual(size.width);
          expect(await faintTexts(page), `${name}, ${colorScheme}`).toEqual([]);
          await saveScreenshot(page, `${name.replaceAll(' ', '-')}-${screen}-${colorScheme}`);
        }
      }
    },
  );
});
