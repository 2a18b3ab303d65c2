import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { moveLink } from '../../../../functions/build-promotion/filesystem/environment-links.ts';
import { openSite, type Site } from '../site.ts';

const SWITCHES = 10_000;
const READERS = 2;

let site: Site;

beforeAll(async () => {
  site = await openSite({ FULL_ENVIRONMENTS: '' });
});

afterAll(() => {
  site.remove();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** Follows the link as fast as it can until its input ends, and tells when it has seen enough and what it met. */
const reader = `
  const { readFileSync, readlinkSync } = require('node:fs');
  const met = {};
  let reads = 0;
  let told = false;
  const note = (what) => { met[what] = (met[what] ?? 0) + 1; };
  process.stdin.on('end', () => { process.stdout.write(JSON.stringify({ reads, met })); process.exit(); }).resume();
  const round = () => {
    for (let i = 0; i < 200; i++, reads++) {
      try { note(readFileSync(process.argv[1] + '/index.html', 'utf8')); } catch (error) { note(error.code); }
      try { note(readlinkSync(process.argv[1])); } catch (error) { note(error.code); }
    }
    if (!told && reads > 1000 && Object.keys(met).length >= 4) told = process.stdout.write('enough\\n') || true;
    setImmediate(round);
  };
  round();
  process.stdout.write('up\\n');
`;

interface Reader {
  hasEnough(): boolean;
  stop(): Promise<{ readonly reads: number; readonly met: Record<string, number> }>;
}

async function startReader(): Promise<Reader> {
  const child = spawn(process.execPath, ['-e', reader, join(site.root, 'envs/live')]);
  let told = '';
  child.stdout.on('data', (piece) => {
    told += piece;
  });
  await once(child.stdout, 'data');
  return {
    hasEnough: () => told.includes('enough'),
    stop: async () => {
      child.stdin.end();
      await once(child, 'close');
      return JSON.parse(told.split('\n').at(-1) ?? '');
    },
  };
}

it(`readers meet a whole build in each of ${SWITCHES} switches`, async () => {
  for (const buildId of ['b-0', 'b-1']) {
    await site.store({
      action: 'promote',
      env: 'live',
      key: buildId,
      artifact: site.stamp(buildId, { 'index.html': buildId }),
    });
  }
  const readers = await Promise.all(Array.from({ length: READERS }, startReader));
  // On a busy machine a reader may have had no turn yet: more switches until each has seen enough.
  for (let n = 0; n < SWITCHES || !readers.every((one) => one.hasEnough()); n++)
    await moveLink({ root: site.root }, 'live', `b-${n % 2}`);
  for (const { reads, met } of await Promise.all(readers.map((one) => one.stop()))) {
    expect(Object.keys(met).sort()).toEqual(['../builds/b-0', '../builds/b-1', 'b-0', 'b-1']);
    expect(reads).toBeGreaterThan(1000);
  }
});
