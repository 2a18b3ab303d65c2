import { delimiter } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readText } from '../template.ts';
import { fakeInstalls } from '../tools/fake-installs.ts';
import { findChromium, NO_CHROMIUM } from './chromium.ts';

const { at, install } = fakeInstalls();

const search = (named?: string): string | undefined =>
  findChromium({
    env: { PATH: [at('bin'), at('more')].join(delimiter), ...(named && { CHROMIUM_PATH: at(named) }) },
    places: [at('Applications/Google Chrome')],
    folder: at('own'),
  });

describe('a Chromium', () => {
  it('is not there', () => expect(search()).toBeUndefined());

  it.each([
    'more/chromium',
    'bin/google-chrome',
    'Applications/Google Chrome',
    'own/run-chromium',
    'own/chromium-1255/chrome-linux/chrome',
    'own/chromium-1255/chrome-mac/Chromium.app/Contents/MacOS/Chromium',
  ])('is found at %s', (path) => {
    install(path);
    expect(search()).toBe(at(path));
  });

  it('is the named one, the installed one, the own one, in this order', () => {
    for (const path of ['own/run-chromium', 'bin/chromium', 'elsewhere/mine']) install(path);
    expect(search('elsewhere/mine')).toBe(at('elsewhere/mine'));
    expect(search()).toBe(at('bin/chromium'));
  });

  it('is not a file that cannot be run', () => {
    install('bin/chromium', 0o644);
    expect(search()).toBeUndefined();
  });
});

describe('a download', () => {
  it('is asked for in CI, and explained to everybody else', () => {
    for (const path of ['.ci/run', '.github/workflows/ci.yml']) {
      expect(readText(path)).toMatch(/GROUNDCREW_INSTALL_CHROMIUM(=|: ')1/);
    }
    expect(NO_CHROMIUM).toContain('GROUNDCREW_INSTALL_CHROMIUM=1 npm test');
    expect(NO_CHROMIUM).toContain('CHROMIUM_PATH');
  });
});
