import { DescribeAlarmsCommand, ListMetricsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it, vi } from 'vitest';
import { parseEvent } from '../../../../functions/disk-alarms/reconcile-disk-alarms/event.ts';
import { reconcileDiskAlarms } from '../../../../functions/disk-alarms/reconcile-disk-alarms/reconcile-disk-alarms.ts';
import { NOW, TOPIC } from '../builders.ts';
import { callsOf, type FakeAccount, fakeAccount, HOURLY, testConfig } from '../fake-cloudwatch.ts';

const turn = vi.hoisted(() => ({ clock: { now: 0 } }));

vi.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number) => {
    turn.clock.now += ms;
  },
}));

function start(count: number): FakeAccount {
  const account = fakeAccount(count);
  turn.clock = account.clock;
  return account;
}

async function deliver(
  account: FakeAccount,
  body: object,
  config = testConfig(),
): Promise<Record<string, unknown>> {
  const { response, retry } = await reconcileDiskAlarms(
    [{ id: 'one', message: parseEvent(body), attempt: 1 } as never],
    config,
    account.invocation,
  );
  expect(retry).toEqual([]);
  return response as Record<string, unknown>;
}

const topicsOf = ({ alarms }: FakeAccount) =>
  new Set([...alarms.values()].flatMap((one) => one.AlarmActions ?? []));
const followUps = ({ sqs }: FakeAccount) =>
  sqs
    .commandCalls(SendMessageBatchCommand)
    .flatMap(({ args: [{ input }] }) =>
      (input.Entries ?? []).map((one) => JSON.parse(one.MessageBody ?? '')),
    );

describe('a direct call that runs while an older run is under way', () => {
  const called = TOPIC.replace('default', 'called');

  /** The call arrives when the older run has made some changes. */
  async function callDuring(account: FakeAccount, olderRun: object, puts: number): Promise<void> {
    let made = 0;
    account.cloudWatch.on(PutMetricAlarmCommand).callsFake(async (input) => {
      made += 1;
      if (made === puts) await deliver(account, { hostname: 'web', sns_topic_name: 'called' });
      account.put(input);
      return {};
    });
    await deliver(account, olderRun);
  }

  it('keeps its topic, although the older run read the alarms before', async () => {
    const account = start(12);
    await callDuring(account, HOURLY, 4);
    // What the older run dropped is in its follow-up, which reads again.
    for (const task of followUps(account)) await deliver(account, task);
    expect([...topicsOf(account)]).toEqual([called]);
  });

  it('keeps its topic if the older run is an earlier call', async () => {
    const account = start(12);
    await callDuring(account, { hostname: 'web', sns_topic_name: 'earlier' }, 4);
    for (const task of followUps(account)) await deliver(account, task);
    expect([...topicsOf(account)]).toEqual([called]);
  });

  it('changes nothing if it repeats an earlier call', async () => {
    const account = start(2);
    const call = { hostname: 'web', sns_topic_name: 'called' };
    await deliver(account, call);
    account.clock.now += 60_000;
    expect(await deliver(account, call)).toMatchObject({ counts: { create: 0, update: 0, unchanged: 4 } });
  });
});

describe('a direct call for hundreds of instances', () => {
  it('answers within a minute without reading the whole account', async () => {
    const account = start(300);
    const begun = account.clock.now;
    const response = await deliver(account, { hostname: 'web', dry_run: true });
    expect(account.clock.now - begun).toBeLessThan(45_000);
    expect(response).toMatchObject({ instances: 300, disks: 300, counts: { create: 600 } });
    expect(response).not.toHaveProperty('unread');
    // One ListMetrics for each instance; 6 alarm names of each in hundreds, the count for MaxAlarms, and other tools.
    expect(callsOf(account)).toMatchObject({ ListMetrics: 300, DescribeAlarms: 7 * 3 + 2 + 1 + 3 });
  });

  it('changes alarms for 40 seconds, and a follow-up does the rest', async () => {
    const account = start(300);
    const begun = account.clock.now;
    const response = await deliver(account, { hostname: 'web' });
    expect(account.clock.now - begun).toBeLessThan(45_000);
    expect(response).toMatchObject({ continues: true, instances: 300 });
    expect(followUps(account)).toMatchObject([{ task: { scope: { hostname: 'web' }, isNamed: true } }]);
  });

  it('says how many it had no time to read, and a follow-up reads those', async () => {
    const account = start(900);
    account.cloudWatch.on(ListMetricsCommand).callsFake(async () => {
      account.clock.now += 100;
      return { Metrics: [] };
    });
    const begun = account.clock.now;
    const response = await deliver(account, { hostname: 'web' });
    expect(account.clock.now - begun).toBeLessThan(45_000);
    const { instances, unread } = response as { instances: number; unread: number };
    expect(instances).toBeGreaterThan(100);
    expect(instances + unread).toBe(900);
    const [{ task }] = followUps(account) as [{ task: { scope: { instanceIds: string[] } } }];
    expect(task.scope.instanceIds).toHaveLength(unread);
  });

  it('creates nothing before it counted the alarms of the stack', async () => {
    const account = start(30);
    for (let i = 0; i < 2000; i += 1) {
      const AlarmName = `groundcrew-disk-i-ffffffff-critical-/${i}`;
      account.alarms.set(AlarmName, { AlarmName, AlarmDescription: '\n[groundcrew disk-alarms tags=a]' });
    }
    account.clock.now = NOW;
    account.clock.describeMs = 2000;
    const config = testConfig({ MAX_ALARMS: '90000' });
    const response = await deliver(account, { hostname: 'web' }, config);
    expect(account.clock.now - NOW).toBeLessThan(45_000);
    expect(response).toMatchObject({ continues: true, applied: { created: 0, pending: 60 } });
    expect(await deliver(account, { hostname: 'web', dry_run: true }, config)).toMatchObject({
      counts: { create: 60 },
    });
  });
});

describe('a direct call over all instances', () => {
  it('answers when there is no time to read them, and a follow-up does it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const account = start(3);
      account.cloudWatch.on(DescribeAlarmsCommand).callsFake(async () => {
        vi.advanceTimersByTime(30_000);
        throw Object.assign(new Error('aborted'), { name: 'AbortError' });
      });
      expect(await deliver(account, {})).toEqual({ dryRun: false, unread: 'all', continues: true });
      expect(followUps(account)).toMatchObject([{ task: { scope: { fleet: true }, reason: 'unfinished' } }]);
      expect(await deliver(account, { dry_run: true })).toEqual({
        error: 'hostname: there is no time to read all instances; name some of them, for example "web-*"',
      });
    } finally {
      vi.useRealTimers();
    }
  });
});
