import { delimiter } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readText } from '../template.ts';
import { findBusybox, NO_BUSYBOX } from './busybox.ts';
import { fakeInstalls } from './fake-installs.ts';

const { at, install } = fakeInstalls();

const search = (): string | undefined =>
  findBusybox({ env: { PATH: [at('bin'), at('more')].join(delimiter) }, folder: at('own') });

describe('a busybox', () => {
  it('is not there', () => expect(search()).toBeUndefined());

  it.each(['more/busybox', 'own/bin/busybox', 'own/usr/bin/busybox'])('is found at %s', (path) => {
    install(path);
    expect(search()).toBe(at(path));
  });

  it('that cannot be executed is left alone', () => {
    install('bin/busybox', 0o644);
    expect(search()).toBeUndefined();
  });
});

it('the advice names what CI sets', () => {
  expect(NO_BUSYBOX).toContain('GROUNDCREW_INSTALL_BUSYBOX=1');
  for (const file of ['.ci/run', '.github/workflows/ci.yml'])
    expect(readText(file)).toMatch(/GROUNDCREW_INSTALL_BUSYBOX(=1|: '1')/);
});
