import { join } from 'node:path';
import { accessKeyFor, accountId, region } from '../../local/account/account.ts';
import { type AdjustableClock, createClock } from '../../local/clock.ts';
import { findPython } from '../../local/python/find.ts';
import { openFileSystems } from '../../local/runtime/file-systems.ts';
import { createFunctions } from '../../local/runtime/functions.ts';
import { deploy, readTemplates } from '../../local/stack/deploy.ts';
import type { Stack } from '../../local/stack/stack.ts';
import type { Progress } from '../measure-ratios.ts';
import { createAlarmStore } from './alarm-store.ts';
import type { Fleet } from './fleet.ts';
import { type FleetAccount, openFleetAccount } from './fleet-account.ts';
import { HOURLY } from './hourly.ts';
import { toQueueEvent } from './messages.ts';

const ROOT = join(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');
/** As for any fleet of this size: without `MaxAlarms` it stops at 2,000. */
const PARAMETERS = { DryRun: 'false', MaxAlarms: '100000' };
const HOUR_MS = 3_600_000;

/** Calls by action. */
export type CallCounts = ReadonlyMap<string, number>;

export interface Reconciled {
  readonly alarms: number;
  /** Of all scheduled runs until no alarm is missing. */
  readonly first: CallCounts;
  readonly firstHours: number;
  /** Of a scheduled run that has nothing to change. */
  readonly next: CallCounts;
}

/**
 * Runs the built function with the defaults of its template, except for `MaxAlarms`, in virtual time, until a scheduled run changes nothing: every
 * hour by its schedule, and in between for each message that it sends itself.
 */
export async function reconcileUntilSettled(fleet: Fleet, progress: Progress): Promise<Reconciled> {
  const alarms = createAlarmStore();
  const account = await openFleetAccount(fleet, alarms);
  const started = await startFunction(account, progress);
  const clock = started.clock;
  const begunAt = clock.now();
  const runs: CallCounts[] = [];
  let firstHours = 0;
  try {
    for (;;) {
      const hourAt = clock.now();
      account.calls.clear();
      await runHour(account, started);
      runs.push(new Map(account.calls));
      if (!account.calls.has('PutMetricAlarm')) break;
      firstHours = (clock.now() - begunAt) / HOUR_MS;
      progress(`${fleet.instances} instances: ${alarms.size} alarms after ${firstHours.toFixed(1)} h`);
      clock.skip(Math.max(0, hourAt + HOUR_MS - clock.now()));
    }
  } finally {
    await started.close();
    account.close();
  }
  return {
    alarms: alarms.size,
    first: addCounts(runs.slice(0, -1)),
    firstHours,
    next: addCounts(runs.slice(-1)),
  };
}

interface StartedFunction {
  readonly stack: Stack;
  readonly clock: AdjustableClock;
  invoke(event: object): Promise<void>;
  close(): Promise<void>;
}

async function startFunction({ url }: FleetAccount, progress: Progress): Promise<StartedFunction> {
  const templates = await readTemplates(
    await findPython(progress),
    join(ROOT, 'functions/disk-alarms/template.yaml'),
  );
  const names = { region, accountId, endpoint: url, httpUrl: url, stackName: 'bench' };
  const [stack] = deploy(templates, { parameters: PARAMETERS }, names);
  const clock = createClock();
  const fileSystems = openFileSystems({ stack });
  const functions = createFunctions({ stack, dist: DIST, endpoint: url, clock, fileSystems, accessKeyFor });
  return {
    stack,
    clock,
    invoke: async (event) => {
      const invoked = await functions.invoke('ReconcileDiskAlarms', event);
      if (!invoked.ok) throw new Error(`ReconcileDiskAlarms failed: ${invoked.error.errorMessage}`);
    },
    close: () => functions.close(),
  };
}

async function runHour({ messages }: FleetAccount, { stack, clock, invoke }: StartedFunction): Promise<void> {
  const queueArn = stack.attribute(stack.ofType('AWS::SQS::Queue')[0]?.id ?? '', 'Arn');
  await invoke({ ...HOURLY, time: new Date(clock.now()).toISOString() });
  for (let message = messages.shift(); message; message = messages.shift()) {
    clock.skip(message.delaySeconds * 1000);
    await invoke(toQueueEvent(message, queueArn));
  }
}

export function addCounts(counts: readonly CallCounts[]): CallCounts {
  const sum = new Map<string, number>();
  for (const [action, count] of counts.flatMap((one) => [...one]))
    sum.set(action, (sum.get(action) ?? 0) + count);
  return sum;
}
