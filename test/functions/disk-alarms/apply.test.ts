import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  ListTagsForResourceCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Alarm, type Existing, FLEET } from '../../../functions/disk-alarms/domain/alarm.ts';
import { wishFor } from '../../../functions/disk-alarms/domain/desired/for-instance.ts';
import { type Plan, plan } from '../../../functions/disk-alarms/domain/plan.ts';
import { apply } from '../../../functions/disk-alarms/reconcile-disk-alarms/apply-plan.ts';
import { createPace } from '../../../functions/disk-alarms/reconcile-disk-alarms/rate-limiter.ts';
import { fakeInvocation } from '../../support/invocation.ts';
import { facts, ID, instance, linux, NOW, rules, stored } from './builders.ts';

const cloudWatch = mockClient(CloudWatchClient);
const waits: number[] = [];

vi.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number) => {
    waits.push(ms);
    clock += ms;
  },
}));

let clock = NOW;
const { invocation, book } = fakeInvocation({ now: () => clock, remainingMs: () => 900_000 });

beforeEach(() => {
  cloudWatch.reset();
  cloudWatch.onAnyCommand().resolves({});
  clock = NOW;
  waits.length = 0;
  book.lines.length = 0;
});

const wishes = (tags = {}) =>
  wishFor(ID, facts({ series: linux('/data'), instances: [instance({ tags })] }), rules).wish;
const existing = wishes().alarms.map((alarm) => stored(alarm));
const create = plan([wishes()], []);
const nothing: Plan = { create: [], update: [], unchanged: [], delete: [], skipped: [] };
const sent = () =>
  cloudWatch.calls().map(({ args: [command] }) => command.constructor.name.replace('Command', ''));
const deleted = () =>
  cloudWatch.commandCalls(DeleteAlarmsCommand).map(({ args: [{ input }] }) => input.AlarmNames);

function failure(name: string, message = name, status = 400): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
}

function metricAlarms(count: number): Existing[] {
  const [one] = existing;
  if (!one) throw new Error('no alarm');
  return Array.from({ length: count }, (_, i) => ({ ...one, name: `${one.name}-${i}` }));
}

const far = NOW + 900_000;

describe('changes', () => {
  it('keep below three a second', async () => {
    expect(await apply(create, far, invocation)).toMatchObject({ created: 3, left: 0 });
    expect(waits).toHaveLength(2);
    for (const ms of waits) expect(ms).toBeGreaterThan(334);
  });

  it('make composite alarms after those they name', async () => {
    await apply(create, far, invocation);
    expect(sent()).toEqual(['PutMetricAlarm', 'PutMetricAlarm', 'PutCompositeAlarm']);
  });

  it('make what is new before they change what is there: a warning loses its actions to a notice that rings', async () => {
    const [alarm] = existing;
    const { update } = plan(
      [wishes()],
      alarm ? [{ ...alarm, config: { ...alarm.config, Threshold: 1 } }] : [],
    );
    await apply({ ...nothing, create: create.create, update }, far, invocation);
    expect(sent()).toEqual(['PutMetricAlarm', 'PutMetricAlarm', 'PutCompositeAlarm', 'PutMetricAlarm']);
  });

  it('delete no disk’s alarm where the fleet’s could not be made', async () => {
    cloudWatch.on(PutMetricAlarmCommand).rejects(failure('ValidationError', 'no such query'));
    const [one] = create.create;
    const fleet = { ...(one as Alarm), owner: FLEET };
    const applied = await apply({ ...nothing, create: [fleet], delete: metricAlarms(3) }, far, invocation);
    expect([applied.deleted, applied.left, applied.refused.length]).toEqual([0, 3, 1]);
    expect(deleted()).toEqual([]);
  });

  it('delete composite alarms before those they name, one a call, and the rest by the hundred', async () => {
    const composites = existing.filter(({ kind }) => kind === 'composite');
    const going = [...metricAlarms(150), ...composites, ...composites];
    await apply({ ...nothing, delete: going }, far, invocation);
    expect(deleted().map((names) => names?.length)).toEqual([1, 1, 100, 50]);
  });

  it('mend tags before the note says so, the stale ones first', async () => {
    cloudWatch.on(ListTagsForResourceCommand).resolves({
      Tags: [
        { Key: 'Old', Value: '' },
        { Key: 'aws:x', Value: '' },
      ],
    });
    const { update } = plan([wishes({ Team: 'a' })], existing);
    await apply({ ...nothing, update: update.slice(0, 1) }, far, invocation);
    expect(sent()).toEqual(['ListTagsForResource', 'UntagResource', 'TagResource', 'PutMetricAlarm']);
    expect(cloudWatch.commandCalls(UntagResourceCommand)[0]?.args[0].input.TagKeys).toEqual(['Old']);
    expect(cloudWatch.commandCalls(TagResourceCommand)[0]?.args[0].input.Tags).toEqual([
      { Key: 'Team', Value: 'a' },
    ]);
  });

  it('leave tags alone when they did not change', async () => {
    const edited = existing.map((one) => ({ ...one, config: { ...one.config, ActionsEnabled: false } }));
    await apply(plan([wishes()], edited), far, invocation);
    expect(sent()).toEqual(['PutMetricAlarm', 'PutMetricAlarm', 'PutCompositeAlarm']);
  });

  it('stop in time, and say what is left', async () => {
    const many = { ...nothing, delete: metricAlarms(150), create: create.create };
    expect(await apply(many, NOW + 300, invocation)).toMatchObject({ created: 2, deleted: 0, left: 151 });
    expect(await apply(many, NOW - 1, invocation)).toMatchObject({ created: 0, left: 153 });
  });
});

describe('a change that CloudWatch', () => {
  it('puts off is left, and three in a row leave the rest', async () => {
    cloudWatch.on(PutMetricAlarmCommand).rejects(failure('Throttling'));
    const many = { ...nothing, create: Array.from({ length: 9 }, () => create.create.slice(0, 1)).flat() };
    expect(await apply(many, far, invocation)).toMatchObject({ created: 0, left: 9, refused: [] });
    expect(cloudWatch.calls()).toHaveLength(3);
  });

  it('puts off now and then stops nobody', async () => {
    cloudWatch
      .on(PutMetricAlarmCommand)
      .rejectsOnce(failure('InternalFailure', '', 500))
      .resolves({});
    expect(await apply(create, far, invocation)).toMatchObject({ created: 2, left: 1 });
  });

  it('puts off every second time stops nobody either', async () => {
    let calls = 0;
    cloudWatch.on(PutMetricAlarmCommand).callsFake(async () => {
      calls += 1;
      if (calls % 2 === 1) throw failure('Throttling');
      return {};
    });
    const many = { ...nothing, create: Array.from({ length: 9 }, () => create.create.slice(0, 1)).flat() };
    expect(await apply(many, far, invocation)).toMatchObject({ created: 4, left: 5 });
    expect(calls).toBe(9);
  });

  it('refuses is told, and stops no other', async () => {
    cloudWatch.on(PutMetricAlarmCommand).rejectsOnce(failure('ValidationError', 'too odd')).resolves({});
    const applied = await apply(create, far, invocation);
    expect(applied).toMatchObject({
      created: 2,
      left: 0,
      refused: [{ name: create.create[0]?.name, why: 'too odd' }],
    });
    expect(book.lines.map(({ message }) => message)).toContain('CloudWatch refuses a change');
  });

  it('does not allow fails the run at once', async () => {
    cloudWatch.on(PutMetricAlarmCommand).rejects(failure('AccessDenied', 'no', 403));
    await expect(apply(create, far, invocation)).rejects.toThrow('no');
    expect(cloudWatch.calls()).toHaveLength(1);
  });

  it('does not allow for one alarm stops no other, where it allows some', async () => {
    cloudWatch
      .on(PutMetricAlarmCommand)
      .resolvesOnce({})
      .rejectsOnce(failure('AccessDenied', 'not this one', 403))
      .resolves({});
    const applied = await apply(create, far, invocation);
    expect(applied).toMatchObject({ created: 2, refused: [{ why: 'not this one' }] });
  });

  it('refuses for one name of a hundred is made for the others', async () => {
    const held = metricAlarms(3)[1]?.name ?? '';
    cloudWatch.on(DeleteAlarmsCommand).callsFake(async ({ AlarmNames }: { AlarmNames: string[] }) => {
      if (AlarmNames.includes(held)) throw failure('ValidationError', `Cannot delete ${held}`);
      return {};
    });
    const applied = await apply({ ...nothing, delete: metricAlarms(3) }, far, invocation);
    expect(applied).toMatchObject({ deleted: 2, refused: [{ name: held, why: `Cannot delete ${held}` }] });
    expect(deleted().map((names) => names?.length)).toEqual([3, 1, 1, 1]);
  });

  it('does not know any more is deleted', async () => {
    cloudWatch.on(DeleteAlarmsCommand).rejects(failure('ResourceNotFound', 'gone', 404));
    expect(await apply({ ...nothing, delete: metricAlarms(1) }, far, invocation)).toMatchObject({
      deleted: 1,
    });
    expect(await apply({ ...nothing, delete: metricAlarms(2) }, far, invocation)).toMatchObject({
      deleted: 2,
      refused: [],
    });
  });
});

it('a composite alarm goes out with its suppressor', async () => {
  await apply(create, far, invocation);
  const [call] = cloudWatch.commandCalls(PutCompositeAlarmCommand);
  expect(call?.args[0].input).toMatchObject({
    AlarmRule: `ALARM("groundcrew-disk-${ID}-warning-/data")`,
    ActionsSuppressor: `groundcrew-disk-${ID}-critical-/data`,
    ActionsSuppressorWaitPeriod: 60,
    ActionsSuppressorExtensionPeriod: 60,
  });
  expect(call?.args[0].input).not.toHaveProperty('Tags');
});

it('a pace lets the first pass, and none saves up for a burst', async () => {
  let now = 0;
  const slept: number[] = [];
  const pace = createPace(2, {
    now: () => now,
    wait: async (ms) => {
      slept.push(ms);
      now += ms;
    },
  });
  await pace.next();
  await pace.next();
  now += 10_000;
  await pace.next();
  await pace.next();
  expect(slept).toEqual([0, 500, 0, 500]);
});
