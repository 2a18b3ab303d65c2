import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  ListTagsForResourceCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Alarm, type ExistingAlarm, FLEET } from '../../../../functions/disk-alarms/domain/alarm.ts';
import { desiredAlarmsFor } from '../../../../functions/disk-alarms/domain/desired/for-instance.ts';
import { type Plan, planChanges } from '../../../../functions/disk-alarms/domain/plan.ts';
import { applyPlan } from '../../../../functions/disk-alarms/reconcile-disk-alarms/apply-plan.ts';
import { createRateLimiter } from '../../../../functions/disk-alarms/reconcile-disk-alarms/rate-limiter.ts';
import { fakeInvocation } from '../../../support/handlers/invocation.ts';
import { compositeRules, ID, instance, inventory, linux, NOW, stored } from '../builders.ts';

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

const desiredStates = (tags = {}) =>
  desiredAlarmsFor(ID, inventory({ series: linux('/data'), instances: [instance({ tags })] }), compositeRules)
    .desired;
const existing = desiredStates().alarms.map((alarm) => stored(alarm));
const create = planChanges([desiredStates()], []);
const noMetadata = { tags: '', topicFromCall: false, scopeFromCall: false };
const nothing: Plan = { create: [], update: [], unchanged: [], delete: [], skipped: [] };
const sent = () =>
  cloudWatch.calls().map(({ args: [command] }) => command.constructor.name.replace('Command', ''));
const deleted = () =>
  cloudWatch.commandCalls(DeleteAlarmsCommand).map(({ args: [{ input }] }) => input.AlarmNames);

function failure(name: string, message = name, status = 400): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
}

function metricAlarms(count: number): ExistingAlarm[] {
  const [one] = existing;
  if (!one) throw new Error('no alarm');
  return Array.from({ length: count }, (_, i) => ({ ...one, name: `${one.name}-${i}` }));
}

const upTo = (until: number, perSecond = 2.9) => ({
  until,
  readAt: clock,
  prefix: 'groundcrew-disk-',
  perSecond,
});
const far = upTo(NOW + 900_000);

describe('changes', () => {
  it('are as frequent as allowed', async () => {
    await applyPlan(create, upTo(NOW + 900_000, 1.5), invocation);
    for (const ms of waits) expect(Math.round(ms)).toBe(667);
  });

  it('stay below three a second', async () => {
    expect(await applyPlan(create, far, invocation)).toMatchObject({ created: 3, pending: 0 });
    expect(waits).toHaveLength(2);
    for (const ms of waits) expect(ms).toBeGreaterThan(334);
  });

  it('create composite alarms after the alarms they refer to', async () => {
    await applyPlan(create, far, invocation);
    expect(sent()).toEqual(['PutMetricAlarm', 'PutMetricAlarm', 'PutCompositeAlarm']);
  });

  it('create before they update, because an updated warning hands its actions to a new composite', async () => {
    const [alarm] = existing;
    const { update } = planChanges(
      [desiredStates()],
      alarm ? [{ ...alarm, config: { ...alarm.config, Threshold: 1 } }] : [],
    );
    await applyPlan({ ...nothing, create: create.create, update }, far, invocation);
    expect(sent()).toEqual(['PutMetricAlarm', 'PutMetricAlarm', 'PutCompositeAlarm', 'PutMetricAlarm']);
  });

  it('delete no disk alarm if the fleet alarm could not be created', async () => {
    cloudWatch.on(PutMetricAlarmCommand).rejects(failure('ValidationError', 'no such query'));
    const [one] = create.create;
    const fleet = { ...(one as Alarm), owner: FLEET };
    const applied = await applyPlan(
      { ...nothing, create: [fleet], delete: metricAlarms(3) },
      far,
      invocation,
    );
    expect([applied.deleted, applied.pending, applied.refused.length]).toEqual([0, 3, 1]);
    expect(deleted()).toEqual([]);
  });

  it('delete composite alarms first, one for each call, and the others 100 at a time', async () => {
    const composites = existing.filter(({ kind }) => kind === 'composite');
    const going = [...metricAlarms(150), ...composites, ...composites];
    await applyPlan({ ...nothing, delete: going }, far, invocation);
    expect(deleted().map((names) => names?.length)).toEqual([1, 1, 100, 50]);
  });

  it('update tags before the metadata, removing stale tags first', async () => {
    cloudWatch.on(ListTagsForResourceCommand).resolves({
      Tags: [
        { Key: 'Old', Value: '' },
        { Key: 'aws:x', Value: '' },
      ],
    });
    const { update } = planChanges([desiredStates({ Team: 'a' })], existing);
    await applyPlan({ ...nothing, update: update.slice(0, 1) }, far, invocation);
    expect(sent()).toEqual(['ListTagsForResource', 'UntagResource', 'TagResource', 'PutMetricAlarm']);
    expect(cloudWatch.commandCalls(UntagResourceCommand)[0]?.args[0].input.TagKeys).toEqual(['Old']);
    expect(cloudWatch.commandCalls(TagResourceCommand)[0]?.args[0].input.Tags).toEqual([
      { Key: 'Team', Value: 'a' },
    ]);
  });

  it('do not touch tags that did not change', async () => {
    const edited = existing.map((one) => ({ ...one, config: { ...one.config, ActionsEnabled: false } }));
    await applyPlan(planChanges([desiredStates()], edited), far, invocation);
    expect(sent()).toEqual(['PutMetricAlarm', 'PutMetricAlarm', 'PutCompositeAlarm']);
  });

  it('stop before the deadline and count what is pending', async () => {
    const many = { ...nothing, delete: metricAlarms(150), create: create.create };
    expect(await applyPlan(many, upTo(NOW + 300), invocation)).toMatchObject({
      created: 2,
      deleted: 0,
      pending: 151,
    });
    expect(await applyPlan(many, upTo(NOW - 1), invocation)).toMatchObject({ created: 0, pending: 153 });
  });
});

describe('a change that CloudWatch', () => {
  const nine = { ...nothing, create: Array.from({ length: 9 }, () => create.create.slice(0, 1)).flat() };

  it('throttles is tried again after a pause, and three times in a row stop the run', async () => {
    cloudWatch.on(PutMetricAlarmCommand).rejects(failure('Throttling'));
    expect(await applyPlan(nine, far, invocation)).toMatchObject({ created: 0, pending: 9, refused: [] });
    expect(cloudWatch.commandCalls(PutMetricAlarmCommand)).toHaveLength(3);
    expect(waits.map((ms) => Math.round(ms))).toEqual([2000, 4000]);
  });

  it('throttles once is made in the end, and all others are half as frequent', async () => {
    cloudWatch
      .on(PutMetricAlarmCommand)
      .rejectsOnce(failure('InternalFailure', '', 500))
      .resolves({});
    expect(await applyPlan(nine, upTo(NOW + 900_000, 1), invocation)).toMatchObject({
      created: 9,
      pending: 0,
    });
    expect(waits).toEqual([2000, ...Array(8).fill(2000)]);
  });

  it('throttles every second time does not stop the run', async () => {
    let calls = 0;
    cloudWatch.on(PutMetricAlarmCommand).callsFake(async () => {
      calls += 1;
      if (calls % 2 === 1) throw failure('Throttling');
      return {};
    });
    const three = { ...nothing, create: nine.create.slice(0, 3) };
    expect(await applyPlan(three, far, invocation)).toMatchObject({ created: 3, pending: 0 });
    expect(calls).toBe(6);
  });

  it('refuses is reported and does not stop the others', async () => {
    cloudWatch.on(PutMetricAlarmCommand).rejectsOnce(failure('ValidationError', 'too odd')).resolves({});
    const applied = await applyPlan(create, far, invocation);
    expect(applied).toMatchObject({
      created: 2,
      pending: 0,
      refused: [{ name: create.create[0]?.name, reason: 'too odd' }],
    });
    expect(book.lines.map(({ message }) => message)).toContain('alarm change refused by CloudWatch');
  });

  it('denies fails the run at once', async () => {
    cloudWatch.on(PutMetricAlarmCommand).rejects(failure('AccessDenied', 'no', 403));
    await expect(applyPlan(create, far, invocation)).rejects.toThrow('no');
    expect(cloudWatch.calls()).toHaveLength(1);
  });

  it('denies for one alarm does not stop the others', async () => {
    cloudWatch
      .on(PutMetricAlarmCommand)
      .resolvesOnce({})
      .rejectsOnce(failure('AccessDenied', 'not this one', 403))
      .resolves({});
    const applied = await applyPlan(create, far, invocation);
    expect(applied).toMatchObject({ created: 2, refused: [{ reason: 'not this one' }] });
  });

  it('refuses for one name of a batch is made for the other names', async () => {
    const held = metricAlarms(3)[1]?.name ?? '';
    cloudWatch.on(DeleteAlarmsCommand).callsFake(async ({ AlarmNames }: { AlarmNames: string[] }) => {
      if (AlarmNames.includes(held)) throw failure('ValidationError', `Cannot delete ${held}`);
      return {};
    });
    const applied = await applyPlan({ ...nothing, delete: metricAlarms(3) }, far, invocation);
    expect(applied).toMatchObject({ deleted: 2, refused: [{ name: held, reason: `Cannot delete ${held}` }] });
    expect(deleted().map((names) => names?.length)).toEqual([3, 1, 1, 1]);
  });

  it('no longer knows counts as deleted', async () => {
    cloudWatch.on(DeleteAlarmsCommand).rejects(failure('ResourceNotFound', 'gone', 404));
    expect(await applyPlan({ ...nothing, delete: metricAlarms(1) }, far, invocation)).toMatchObject({
      deleted: 1,
    });
    expect(await applyPlan({ ...nothing, delete: metricAlarms(2) }, far, invocation)).toMatchObject({
      deleted: 2,
      refused: [],
    });
  });
});

it('a composite alarm is sent with its suppressor', async () => {
  await applyPlan(create, far, invocation);
  const [call] = cloudWatch.commandCalls(PutCompositeAlarmCommand);
  expect(call?.args[0].input).toMatchObject({
    AlarmRule: `ALARM("groundcrew-disk-${ID}-warning-/data")`,
    ActionsSuppressor: `groundcrew-disk-${ID}-critical-/data`,
    ActionsSuppressorWaitPeriod: 60,
    ActionsSuppressorExtensionPeriod: 60,
  });
  expect(call?.args[0].input).not.toHaveProperty('Tags');
});

describe('an alarm that a direct call changed after the plan was made', () => {
  const [mine] = existing;
  if (!mine) throw new Error('no alarm');
  const called = { ...mine.config, AlarmActions: ['arn:aws:sns:eu-west-1:123456789012:called'] };
  const description = mine.description.replace(']', ` topic=call called=${NOW + 1000}]`);

  beforeEach(() => {
    const alarm = { ...called, AlarmName: mine.name, AlarmDescription: description };
    cloudWatch.on(DescribeAlarmsCommand).resolves({ MetricAlarms: [alarm] });
    clock = NOW + 60_000;
  });

  const late = () => ({ ...far, readAt: NOW });

  it('keeps what the call wrote, and the next run plans again', async () => {
    const [first] = create.create;
    if (first?.name !== mine.name) throw new Error('not the same alarm');
    expect(await applyPlan(create, late(), invocation)).toMatchObject({ created: 2, pending: 1 });
    expect(book.lines[0]).toMatchObject({
      message: 'alarm change dropped: a direct call was faster',
      fields: { alarms: [mine.name] },
    });
  });

  it('is not deleted, but the others of the batch are', async () => {
    const going = [mine, ...metricAlarms(2)];
    expect(await applyPlan({ ...nothing, delete: going }, late(), invocation)).toMatchObject({
      deleted: 2,
      pending: 1,
    });
    expect(deleted()).toEqual([metricAlarms(2).map(({ name }) => name)]);
  });

  it('is changed by the run of that call or a later one', async () => {
    const known = { ...mine, metadata: { ...noMetadata, calledAt: NOW + 1000 } };
    expect(await applyPlan({ ...nothing, delete: [known] }, late(), invocation)).toMatchObject({
      deleted: 1,
    });
  });

  it('is read with others, once in five seconds', async () => {
    cloudWatch.on(DescribeAlarmsCommand).resolves({});
    const many = { ...nothing, create: [...create.create, ...create.create, ...create.create] };
    await applyPlan(many, { ...upTo(NOW + 900_000, 1), readAt: NOW }, invocation);
    expect(sent().filter((name) => name === 'DescribeAlarms')).toHaveLength(2);
  });
});

it('a rate limiter admits the first call at once and allows no burst', async () => {
  let now = 0;
  const slept: number[] = [];
  const pace = createRateLimiter(2, {
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
  pace.backOff(3000);
  await pace.next();
  await pace.next();
  expect(slept.slice(4)).toEqual([3000, 1000]);
});
