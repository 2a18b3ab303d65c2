import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Group } from '../../local/account/services/autoscaling/model.ts';
import { MINUTE } from './market.ts';
import type { SpotEvent, Strategy } from './replay.ts';

export const nothing = (): Strategy => ({ name: 'doing nothing', act: () => {} });

export const onePerEvent = (): Strategy => ({
  name: '+1 per event',
  act: (group, events) => {
    const failed = events.filter(({ kind }) => kind === 'launch failed').length;
    if (failed > 0) setBase(group, Number(group.distribution['OnDemandBaseCapacity']) + failed);
  },
});

/** The same, and down again by one for each half hour without a failure. */
export const onePerEventAndBack = (): Strategy => {
  let recorded: number | undefined;
  let calmSince = 0;
  return {
    name: '+1 per event, -1 per half hour',
    act: (group, events, now) => {
      const base = Number(group.distribution['OnDemandBaseCapacity']);
      recorded ??= base;
      const failed = events.filter(({ kind }) => kind === 'launch failed').length;
      if (failed > 0 || now - calmSince >= 30 * MINUTE) calmSince = now;
      if (failed > 0) setBase(group, base + failed);
      else if (calmSince === now && base > recorded) setBase(group, base - 1);
    },
  };
};

export const allAndNeverBack = (): Strategy => ({
  name: '100 % and never back',
  act: (group, events) => {
    if (!events.some(({ kind }) => kind === 'launch failed')) return;
    group.distribution = { ...group.distribution, OnDemandPercentageAboveBaseCapacity: 100 };
  },
});

/** The parts of the wing's domain that this bench calls. */
interface Domain {
  newRecord(group: string): RecordOfGroup;
  toDistribution(members: object): object;
  toLaunchFailure(message: string): string;
  decideFallBack(record: RecordOfGroup, observed: object, settings: object): Decision;
}

interface RecordOfGroup {
  readonly interruptions: readonly { readonly instanceId: string; readonly at: number }[];
}

interface Decision {
  readonly record: RecordOfGroup;
  readonly base?: number;
}

/** A bundle of the wing's pure domain, as the function has it. */
export async function loadDomain(): Promise<Domain> {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-bench-'));
  const outfile = join(folder, 'domain.mjs');
  const domain = join(import.meta.dirname, '../../functions/spot-cordon/domain');
  const contents = ['fall-back', 'fall-back-record', 'distribution', 'replacement']
    .map((file) => `export * from '${domain}/${file}.ts';`)
    .join('\n');
  try {
    const stdin = { contents, resolveDir: domain };
    await build({ stdin, outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const SWEEP_MS = 5 * MINUTE;
/** The defaults of the template. */
const SETTINGS = { interruptions: 10, interruptionWindowMs: 10 * MINUTE, calmMs: 30 * MINUTE };
const INTERRUPTED_MS = 3 * MINUTE;

/** What FallBackToOnDemand does: at each event, and every five minutes. */
export function ours(domain: Domain, settings = SETTINGS): Strategy {
  let record = domain.newRecord('workers');
  return {
    name: 'FallBackToOnDemand',
    act: (group, events, now) => {
      if (events.length === 0 && now % SWEEP_MS !== 0) return;
      const interrupted = events.filter(({ kind }) => kind === 'interruption');
      const recent = [...record.interruptions, ...interrupted].filter(({ at }) => now - at < 10 * MINUTE);
      const observed = observe(domain, group, events, {
        interruptedNow: recent.filter(({ at }) => now - at < INTERRUPTED_MS),
        now,
      });
      const decision = domain.decideFallBack({ ...record, interruptions: recent }, observed, settings);
      record = decision.record;
      if (decision.base !== undefined) setBase(group, decision.base);
    },
  };
}

function observe(
  domain: Domain,
  group: Group,
  events: readonly SpotEvent[],
  {
    interruptedNow,
    now,
  }: { readonly interruptedNow: readonly { readonly instanceId: string }[]; readonly now: number },
): object {
  const ids = new Set(interruptedNow.map(({ instanceId }) => instanceId));
  const members = [...group.members.values()];
  const spot = members.filter((one) => one.market === 'spot' && !ids.has(one.id)).length;
  const onDemand = members.filter(({ market }) => market === 'on-demand').length;
  return {
    group: {
      name: group.name,
      desired: group.desired,
      distribution: domain.toDistribution(group.distribution),
    },
    capacity: { spot, onDemand, onDemandInService: onDemand },
    floor: 0,
    failures: events
      .filter(({ kind }) => kind === 'launch failed')
      .map(({ at, text }) => ({
        market: text.includes('On-Demand') ? 'on-demand' : 'spot',
        failure: domain.toLaunchFailure(text),
        at,
      })),
    now,
  };
}

function setBase(group: Group, base: number): void {
  group.distribution = { ...group.distribution, OnDemandBaseCapacity: base };
}
