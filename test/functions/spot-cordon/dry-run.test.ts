import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Pack, startPack } from '../../../local/pack/pack.ts';
import { countMarkets, setPoolCapacity } from '../../../local/scenario-kit/markets.ts';
import { interruptionWarning, rebalanceRecommendation } from '../../../local/scenarios/spot-cordon/events.ts';
import { createServingGroup } from '../../../local/scenarios/spot-cordon/fleet.ts';
import {
  createHookedGroup,
  HOOK,
  terminateFirst,
} from '../../../local/scenarios/spot-cordon/hooked-fleet.ts';
import {
  ALL_SPOT,
  createWorkers,
  interruptWorkers,
  MIXED,
} from '../../../local/scenarios/spot-cordon/mixed-fleet.ts';
import { observe } from '../../../local/scenarios/spot-cordon/observe.ts';
import { createPolicyGroup, membersOf, scaleIn } from '../../../local/scenarios/spot-cordon/worker-group.ts';

let pack: Pack;
beforeAll(async () => {
  pack = await startPack({
    wings: {
      'spot-cordon': { DryRun: 'true', FallBack: 'true', CompleteHooks: 'true', TerminationPolicy: 'true' },
    },
  });
}, 120_000);
afterAll(() => pack.close());

it('reads, logs what it would do, and changes nothing', async () => {
  const fleet = await createServingGroup(pack);
  const before = await observe(pack, fleet);
  const [first = '', second = ''] = fleet.ids;
  await pack.put(interruptionWarning(pack, first), rebalanceRecommendation(pack, second));
  await pack.settle();
  await pack.fire('UncordonInstancesSweep');
  await pack.settle();
  expect(await observe(pack, fleet)).toEqual(before);
  const made = pack.calls().filter((call) => call.function !== 'local');
  const writes = made.filter(({ action }) => !/^(Describe|BatchGet|Scan)/.test(action));
  expect(made.length).toBeGreaterThan(0);
  expect(writes).toEqual([]);
  const lines = pack.logs('CordonInstances').join('\n');
  expect(lines).toContain('instance cordon planned');
  expect(lines).toMatch(new RegExp(`"instanceId":"${first}".*2 targets of .*"kind":"detach"`));
});

it('says how a group would fall back to On-Demand, and leaves it as it is', async () => {
  await createWorkers(pack);
  setPoolCapacity(pack, ALL_SPOT, 0);
  await interruptWorkers(pack, 2);
  expect(countMarkets(pack, MIXED)).toEqual({ spot: 4, onDemand: 0 });
  const made = pack.calls().filter((call) => call.function === 'FallBackToOnDemand');
  expect(made.filter(({ action }) => !/^(Describe|BatchGet)/.test(action))).toEqual([]);
  expect(pack.logs('FallBackToOnDemand').join('\n')).toMatch(/fall-back planned.*"from":0,"to":2/);
});

it('says what a termination would wait for, and leaves its hook alone', async () => {
  setPoolCapacity(pack, ALL_SPOT, 50);
  const fleet = await createHookedGroup(pack, { hookToComplete: HOOK, drainSeconds: 15 });
  await terminateFirst(pack, fleet);
  const made = pack.calls().filter((call) => call.function === 'CompleteTerminations');
  expect(made.filter(({ action }) => !/^Describe/.test(action))).toEqual([]);
  expect(pack.logs('CompleteTerminations').join('\n')).toMatch(
    /lifecycle action planned.*"waitsFor":\[".*hooked.*","old-faithful"\]/,
  );
});

it('lets the next policy of the group choose which instance goes, and says what it would have chosen', async () => {
  const { idle } = await createPolicyGroup(pack, { busy: 1, idle: 1 });
  await scaleIn(pack, 1);
  expect(membersOf(pack)).toHaveLength(1);
  expect(pack.logs('ChooseTerminations').join('\n')).toMatch(
    new RegExp(`terminations planned.*"chosen":{"idle":\\["${idle[0]}"\\]}`),
  );
});
