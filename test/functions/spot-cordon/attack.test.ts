import { DetachInstancesCommand, SetInstanceProtectionCommand } from '@aws-sdk/client-auto-scaling';
import { TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { CreateTagsCommand, DeleteTagsCommand, DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import {
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeLoadBalancersCommand,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import {
  DeregisterTargetsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetHealthCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import type { CordonConfig } from '../../../functions/spot-cordon/config.ts';
import { activate, type Cordon, clear, merge } from '../../../functions/spot-cordon/cordon.ts';
import { cordonInstances } from '../../../functions/spot-cordon/cordon-instances.ts';
import { type Danger, interruption, maintenance, rebalance } from '../../../functions/spot-cordon/danger.ts';
import { writeDigest } from '../../../functions/spot-cordon/digest.ts';
import type { Instance } from '../../../functions/spot-cordon/instance.ts';
import { type Received, sortBatch } from '../../../functions/spot-cordon/intake.ts';
import { fateAtSweep } from '../../../functions/spot-cordon/release.ts';
import { uncordonInstances } from '../../../functions/spot-cordon/uncordon-instances.ts';
import { removeRecords } from '../../../shared/records.ts';
import { fakeTools } from '../../support/tools.ts';
import { clients, keep, openAccount, refusal, type SeenInstance, table, told } from './account.ts';

// What AWS refuses, and what happens at the same moment.

const NOW = Date.parse('2026-11-02T10:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LEAD = 24 * HOUR;
const HOLD = 30 * MINUTE;
const ids = ['i-aaaa0001', 'i-aaaa0002', 'i-aaaa0003'] as const;
const [A, B, C] = ids;

const config: CordonConfig = {
  region: 'eu-west-1',
  table: 'cordons',
  topicArn: 'arn:aws:sns:eu-west-1:123456789012:notifications',
  dryRun: false,
  scope: 'all',
  drainSearch: 'vpc',
  rebalanceHoldMinutes: 30,
  scheduledLeadHours: 24,
  rebalanceHoldMs: HOLD,
  scheduledLeadMs: LEAD,
};

function seen(instanceId: string, eventTime = NOW) {
  return { instanceId, eventTime, sourceEventId: `event of ${instanceId}` };
}
const warning = (id: string, at = NOW, action: 'terminate' | 'stop' = 'terminate'): Danger =>
  interruption(seen(id, at), 'spot interruption', action);
const advice = (id: string, at = NOW): Danger => rebalance(seen(id, at), HOLD);
const retirement = (id: string, startsAt: number, at = NOW): Danger =>
  maintenance(seen(id, at), { reason: 'scheduled retirement', action: 'stop' }, startsAt);

function message(id: string, ...dangers: Danger[]): Received {
  return { id, message: { kind: 'danger', dangers, ignored: [] } };
}

/** One batch of CordonInstances. */
async function cordon(received: readonly Received[], more: Partial<CordonConfig> = {}, now = NOW) {
  const { tools, book } = fakeTools({ now: () => now });
  const deliveries = received.map((one) => ({ ...one, receiveCount: 1 }));
  const handled = await cordonInstances(deliveries, { ...config, ...more }, tools);
  return { retry: handled.retry.map(({ id }) => id), book };
}

async function sweep(now: number) {
  const { tools, book } = fakeTools({ now: () => now });
  const deliveries = [{ id: 'sweep', message: { kind: 'sweep' }, receiveCount: 1 }] as const;
  const settings = {
    region: 'eu-west-1',
    table: 'cordons',
    advisoryQueueUrl: 'https://queue',
    dryRun: false,
  };
  const handled = await uncordonInstances(deliveries, settings, tools);
  return { retry: handled.retry.map(({ id }) => id), book };
}

/** A record whose every step is done. */
function cordoned(danger: Danger, more: Partial<Cordon> = {}): Omit<Cordon, 'revision'> {
  const done = {
    tag: 'done',
    announce: 'done',
    protect: 'removed',
    drain: 'done',
    replace: 'no',
    notify: 'claimed',
  };
  return { ...merge(undefined, danger, LEAD, NOW).record, status: 'cordoned', steps: done, ...more };
}

const OPT_IN = { 'groundcrew:drain': 'true', 'groundcrew:replace': 'true' };

function instance(id: string, more: Partial<SeenInstance> = {}): SeenInstance {
  return { id, ip: `10.0.0.${id.slice(-1)}`, tags: OPT_IN, ...more };
}

describe('a danger is not lost', () => {
  it('when the same instance is warned a second time, long after the first', () => {
    const known = keep(cordoned(warning(A, NOW - HOUR, 'stop')));
    const { record, change } = merge(known, warning(A, NOW, 'stop'), LEAD, NOW);
    expect([change, record.steps, record.eventTime, record.deadline]).toEqual([
      'raised',
      {},
      NOW,
      NOW + 2 * MINUTE,
    ]);
  });

  it('when its time lies a little ahead of our clock', () => {
    expect(merge(undefined, warning(A, NOW + 1500), LEAD, NOW).change).toBe('new');
    expect(merge(undefined, advice(A, NOW + 1500), LEAD, NOW).change).toBe('new');
  });

  it('when a lesser one comes while its instance is being released', async () => {
    openAccount({ instances: [instance(A)] });
    keep(cordoned(warning(A, NOW - HOUR, 'stop'), { status: 'releasing', releasingSince: NOW }));
    expect((await cordon([message('m1', advice(A))])).retry).toEqual(['m1']);
    table.clear(); // the release is through
    expect((await cordon([message('m1', advice(A))])).retry).toEqual([]);
    expect(table.get(A)?.severity).toBe('rebalance');
  });

  it('to schedulers, when a release may still tell them of its end', async () => {
    openAccount({ instances: [instance(A)] });
    keep(cordoned(advice(A, NOW - HOUR), { status: 'releasing', releasingSince: NOW }));
    expect((await cordon([message('m1', warning(A))])).retry).toEqual(['m1']);
    await cordon([message('m1', warning(A))]);
    expect(told().map(({ type }) => type)).toEqual(['Instance Cordoned', 'Instance Cordoned']);
  });

  it('by a deadline that had passed before it began', () => {
    const known = keep(cordoned(retirement(A, NOW - 20 * HOUR, NOW - 30 * HOUR)));
    expect(merge(known, warning(A), LEAD, NOW).record.deadline).toBe(NOW + 2 * MINUTE);
  });
});

describe('an all-clear holds', () => {
  const closed: Received = {
    id: 'm2',
    message: { kind: 'all-clear', instanceIds: [A], ignored: [], eventTime: NOW },
  };

  it('against the notice that it ends, in one batch with it', async () => {
    openAccount({ instances: [instance(A)] });
    const { book } = await cordon([message('m1', retirement(A, NOW + HOUR, NOW - HOUR)), closed]);
    expect([...table]).toEqual([]);
    expect(book.lines).toContainEqual(expect.objectContaining({ message: 'dropped' }));
  });

  it('but not against a later one', () => {
    const later = retirement(A, NOW + HOUR, NOW + MINUTE);
    expect(sortBatch([message('m1', later), closed], NOW).dangers.get(A)?.dangers).toEqual([later]);
  });

  it('against a late duplicate of the notice', () => {
    const notice = retirement(A, NOW + HOUR, NOW - HOUR);
    const known = clear(cordoned(notice), NOW);
    expect(known?.expiresAt).toBe(NOW);
    expect(known && merge(known, notice, LEAD, NOW).change).toBe('none');
  });
});

describe('draining', () => {
  it('leaves alone who has the same address in another VPC', async () => {
    openAccount({
      instances: [
        instance(A, { vpc: 'vpc-1', ip: '10.0.0.7' }),
        instance(B, { vpc: 'vpc-2', ip: '10.0.0.8' }),
      ],
      targetGroups: [
        { arn: 'one', type: 'ip', vpc: 'vpc-1', targets: [{ Id: '10.0.0.7', Port: 80 }] },
        {
          arn: 'two',
          type: 'ip',
          vpc: 'vpc-2',
          targets: [
            { Id: '10.0.0.7', Port: 80 },
            { Id: '10.0.0.8', Port: 80 },
          ],
        },
      ],
    });
    await cordon([message('m1', warning(A)), message('m2', warning(B))]);
    const taken = clients.elb.commandCalls(DeregisterTargetsCommand).map(({ args }) => args[0].input);
    expect(taken).toEqual([
      { TargetGroupArn: 'one', Targets: [{ Id: '10.0.0.7', Port: 80 }] },
      { TargetGroupArn: 'two', Targets: [{ Id: '10.0.0.8', Port: 80 }] },
    ]);
  });

  const twenty = Array.from({ length: 20 }, (_, i) => ({
    arn: `tg-${i}`,
    targets: [{ Id: i === 0 ? B : A, Port: 80 }],
  }));
  const fleet = { instances: [instance(A), instance(B)], targetGroups: twenty };
  const both = [message('m1', warning(A)), message('m2', warning(B))];

  it('goes on in all other target groups when one refuses', async () => {
    openAccount(fleet);
    clients.elb.on(DeregisterTargetsCommand, { TargetGroupArn: 'tg-0' }).rejects(refusal('AccessDenied'));
    expect((await cordon(both)).retry).toEqual(['m2']);
    expect(clients.elb.commandCalls(DeregisterTargetsCommand)).toHaveLength(20);
    expect(table.get(A)?.steps.drain).toMatch('19 targets in 19 target groups');
  });

  it('takes out what was found when one target group cannot be looked at', async () => {
    openAccount(fleet);
    clients.elb.on(DescribeTargetHealthCommand, { TargetGroupArn: 'tg-0' }).rejects(refusal('Throttling'));
    expect((await cordon(both)).retry).toEqual(['m1', 'm2']);
    expect(clients.elb.commandCalls(DeregisterTargetsCommand)).toHaveLength(19);
    expect(table.get(A)?.drainedTargets).toHaveLength(19);
  });

  it('does not wait for remarks', async () => {
    openAccount(fleet);
    clients.elb.on(DescribeTargetGroupAttributesCommand).rejects(refusal('Throttling'));
    expect((await cordon(both)).retry).toEqual([]);
    expect(clients.elb.commandCalls(DeregisterTargetsCommand)).toHaveLength(20);
  });

  it('does not wait for Classic Load Balancers', async () => {
    openAccount(fleet);
    clients.classic.on(DescribeLoadBalancersCommand).rejects(refusal('Throttling'));
    expect((await cordon(both)).retry).toEqual(['m1', 'm2']);
    expect(clients.elb.commandCalls(DeregisterTargetsCommand)).toHaveLength(20);
  });

  it('takes out of a Classic Load Balancer whom it knows when it does not know another', async () => {
    openAccount({ instances: [instance(A), instance(B)] });
    clients.classic.on(DescribeLoadBalancersCommand).resolves({
      LoadBalancerDescriptions: [
        { LoadBalancerName: 'old', Instances: [{ InstanceId: A }, { InstanceId: B }] },
      ],
    });
    const out: string[] = [];
    clients.classic.on(DeregisterInstancesFromLoadBalancerCommand).callsFake(async ({ Instances }) => {
      const some: string[] = Instances.map(({ InstanceId }: { InstanceId: string }) => InstanceId);
      if (some.includes(A)) throw refusal('InvalidInstance', `Could not find EC2 instance ${A}.`);
      out.push(...some);
      return {};
    });
    expect((await cordon(both)).retry).toEqual([]);
    expect(out).toEqual([B]);
  });
});

describe('Auto Scaling groups', () => {
  const members = Array.from({ length: 10 }, (_, i) => `i-cccc000${i}`);
  const fleet = {
    instances: members.map((id, i) =>
      instance(id, { tags: { ...OPT_IN, 'aws:autoscaling:groupName': `group-${i}` } }),
    ),
    groups: members.map((id, i) => ({ name: `group-${i}`, members: [id], isProtected: true })),
  };
  const warnings = members.map((id, i) => message(`m${i}`, warning(id)));

  it('replace theirs when another refuses to', async () => {
    openAccount(fleet);
    clients.autoScaling
      .on(DetachInstancesCommand, { AutoScalingGroupName: 'group-0' })
      .rejects(refusal('AccessDenied'));
    clients.autoScaling
      .on(SetInstanceProtectionCommand, { AutoScalingGroupName: 'group-1' })
      .rejects(refusal('AccessDenied'));
    expect((await cordon(warnings)).retry).toEqual(['m0', 'm1']);
    const without = (step: 'replace' | 'protect') =>
      members.filter((id) => table.get(id)?.steps[step] === undefined);
    expect([without('replace'), without('protect')]).toEqual([[members[0]], [members[1]]]);
  });

  it('are not said to have given up a protection that they kept', async () => {
    openAccount(fleet);
    const message = `The instance ${members[0]} is not in InService or EnteringStandby or Standby.`;
    clients.autoScaling.on(SetInstanceProtectionCommand).rejects(refusal('ValidationError', message));
    await cordon(warnings.slice(0, 1));
    expect(table.get(members[0] ?? '')?.steps.protect).toBe('not in service');
  });
});

describe('the mark', () => {
  it('reaches all others when one instance has no room for a tag', async () => {
    openAccount({ instances: ids.map((id) => instance(id)) });
    const marked: string[] = [];
    clients.ec2.on(CreateTagsCommand).callsFake(async ({ Resources }) => {
      if (Resources.includes(B)) throw refusal('TagLimitExceeded', 'More than 50 tags specified');
      marked.push(...Resources);
      return {};
    });
    expect((await cordon(ids.map((id) => message(id, warning(id))))).retry).toEqual([]);
    expect(marked.sort()).toEqual([A, C]);
    expect(table.get(B)?.steps.tag).toBe('has 50 tags already');
  });

  it('passes over an id that CreateTags calls invalid', async () => {
    openAccount({ instances: [instance(A)] });
    clients.ec2.on(CreateTagsCommand).callsFake(async ({ Resources }) => {
      if (Resources.includes(B)) throw refusal('InvalidID', `The ID '${B}' is not valid`);
      return {};
    });
    expect((await cordon([message('m1', warning(A)), message('m2', warning(B))])).retry).toEqual([]);
  });

  it('of the danger before is removed too when the present one never got its own', async () => {
    openAccount({ instances: [instance(A)] });
    keep(cordoned(retirement(A, NOW - 25 * HOUR, NOW - 30 * HOUR), { steps: {} }));
    await sweep(NOW);
    const removed = clients.ec2
      .commandCalls(DeleteTagsCommand)
      .map(({ args }) => args[0].input.Tags?.[0]?.Value);
    expect(removed).toEqual(['rebalance', 'scheduled']);
  });
});

it('schedulers hear of all others when some announcements fail', async () => {
  const many = Array.from({ length: 200 }, (_, i) => `i-bbbb${String(i).padStart(4, '0')}`);
  openAccount({ instances: many.map((id) => instance(id, { tags: {} })) });
  let calls = 0;
  clients.events.on(PutEventsCommand).callsFake(async ({ Entries }) => {
    if (++calls === 1) throw refusal('ThrottlingException');
    return {
      Entries: Entries.map((_: unknown, i: number) =>
        i === 0 ? { ErrorCode: 'ThrottlingException' } : { EventId: 'e' },
      ),
    };
  });
  const { retry } = await cordon(many.map((id) => message(id, warning(id))));
  expect(calls).toBe(20);
  expect(retry).toHaveLength(10 + 19);
  expect(many.filter((id) => table.get(id)?.steps.announce === 'done')).toHaveLength(200 - 29);
});

describe('a release', () => {
  const expired = (id: string, target: string, more: Partial<Cordon> = {}): void => {
    const drainedTargets = [{ targetGroupArn: target, targets: [{ Id: id, Port: 80 }] }];
    keep(
      cordoned(advice(id, NOW - HOUR), {
        drainedTargets,
        group: `group-${id}`,
        protectionRemoved: true,
        ...more,
      }),
    );
  };
  const fleet = {
    instances: ids.map((id) => instance(id)),
    groups: ids.map((id) => ({ name: `group-${id}`, members: [id] })),
  };
  const left = (): string[] => [...table.keys()].sort();

  it('of an instance that cannot be registered does not hold up the others of its target group', async () => {
    openAccount(fleet);
    for (const id of ids) expired(id, 'shared');
    const back: string[] = [];
    clients.elb.on(RegisterTargetsCommand).callsFake(async ({ Targets }) => {
      const some: string[] = Targets.map(({ Id }: { Id: string }) => Id);
      if (some.includes(B))
        throw refusal(
          'InvalidTarget',
          `The following targets are not in a running state and cannot be registered: '${B}'`,
        );
      back.push(...some);
      return {};
    });
    expect((await sweep(NOW)).retry).toEqual(['sweep']);
    expect([back.sort(), left()]).toEqual([[A, C], [B]]);
  });

  it('does not wait for another target group or Auto Scaling group', async () => {
    openAccount(fleet);
    for (const id of ids) expired(id, `tg-${id}`);
    clients.elb.on(RegisterTargetsCommand, { TargetGroupArn: `tg-${A}` }).rejects(refusal('TooManyTargets'));
    clients.autoScaling
      .on(SetInstanceProtectionCommand, { AutoScalingGroupName: `group-${B}` })
      .rejects(refusal('AccessDenied'));
    await sweep(NOW);
    expect(left()).toEqual([A, B]);
  });

  it('puts back into a Classic Load Balancer whom it knows', async () => {
    openAccount(fleet);
    for (const id of ids) expired(id, 'shared', { drainedLoadBalancers: ['old'] });
    const back: string[] = [];
    clients.classic.on(RegisterInstancesWithLoadBalancerCommand).callsFake(async ({ Instances }) => {
      const some: string[] = Instances.map(({ InstanceId }: { InstanceId: string }) => InstanceId);
      if (some.includes(A)) throw refusal('InvalidInstance', `Could not find EC2 instance ${A}.`);
      back.push(...some);
      return {};
    });
    await sweep(NOW);
    expect(back.sort()).toEqual([B, C]);
  });

  it('that was cut short waits while its instance is stopped', () => {
    const stopped: Instance = { instanceId: A, state: 'stopped', spot: true, privateIps: [], tags: {} };
    const cut = {
      ...cordoned(advice(A)),
      revision: 'r',
      status: 'releasing',
      releasingSince: NOW - HOUR,
    } as const;
    expect(fateAtSweep(cut, stopped, NOW).fate).toBe('keep');
  });
});

it('a table whose every transaction conflicts is not hammered', async () => {
  openAccount({ instances: [] });
  const known = keep(cordoned(advice(A)));
  const reasons = { CancellationReasons: [{ Code: 'TransactionConflict' }] };
  clients.dynamo
    .on(TransactWriteItemsCommand)
    .rejects(refusal('TransactionCanceledException', 'cancelled', reasons));
  const removing = removeRecords<Cordon>(
    { table: 'cordons', key: 'instanceId', signal: new AbortController().signal },
    [known],
  );
  await expect(removing).rejects.toThrow(/kept/);
  expect(clients.dynamo.commandCalls(TransactWriteItemsCommand).length).toBeLessThan(10);
});

it('a mail stays inside what SNS takes, however much there is to remark', () => {
  const lines = Array.from({ length: 200 }, (_, i) => ({
    cordon: { ...cordoned(warning(A)), revision: 'r', group: `ü${'ß'.repeat(254)}${i}` },
    outcomes: {},
    remarks: Array.from(
      { length: 50 },
      () => 'arn:aws:elasticloadbalancing drains for 300 s, longer than the notice',
    ),
  }));
  const { text } = writeDigest(lines);
  expect(Buffer.byteLength(text)).toBeLessThan(256 * 1024);
  expect(text).toMatch(/\.\.\. and \d+ more; the function's log names them\./);
});

describe('what people and meters are told', () => {
  it('a mail that SNS refuses goes out with the next delivery', async () => {
    openAccount({ instances: [instance(A, { tags: {} })] });
    clients.sns.on(PublishCommand).rejectsOnce(refusal('AuthorizationError')).resolves({});
    expect((await cordon([message('m1', warning(A))])).retry).toEqual(['m1']);
    expect(table.get(A)?.steps.notify).toBeUndefined();
    expect((await cordon([message('m1', warning(A))])).retry).toEqual([]);
    expect(clients.sns.commandCalls(PublishCommand)).toHaveLength(2);
  });

  it('a cordon is counted once, when all of it is done', async () => {
    openAccount({ instances: [instance(A, { tags: {} })] });
    clients.ec2.on(CreateTagsCommand).rejectsOnce(refusal('RequestLimitExceeded')).resolves({});
    const first = await cordon([message('m1', warning(A))]);
    const second = await cordon([message('m1', warning(A))]);
    expect([first, second].map(({ book }) => book.counts['Cordoned.interruption'])).toEqual([undefined, 1]);
    expect(first.book.counts.StepFailed).toBe(1);
  });

  it('a dry run reads and writes nothing', async () => {
    openAccount({
      instances: [instance(A)],
      targetGroups: [{ arn: 'tg', targets: [{ Id: A, Port: 80 }] }],
    });
    const { book } = await cordon([message('m1', warning(A))], { dryRun: true });
    const writes = Object.values(clients).flatMap((client) =>
      client.calls().filter(({ args }) => !/^(Describe|BatchGet)/.test(args[0].constructor.name)),
    );
    expect(writes).toEqual([]);
    expect(book.lines.map(({ message }) => message)).toEqual(['dry run: would cordon']);
  });
});

it('maintenance that comes due while its instance is being released waits for the end of that', async () => {
  openAccount({ instances: [instance(A)] });
  keep({ ...activate(cordoned(retirement(A, NOW + HOUR))), status: 'releasing', releasingSince: NOW });
  expect((await cordon([{ id: 'm1', message: { kind: 'due', instanceId: A } }])).retry).toEqual(['m1']);
});

describe('scope and size', () => {
  it('in scope `tagged`, only instances with the tag are touched', async () => {
    openAccount({
      instances: [instance(A, { tags: { 'groundcrew:managed': 'true' } }), instance(B), instance(C)],
    });
    const { retry, book } = await cordon(
      ids.map((id) => message(id, warning(id))),
      { scope: 'tagged' },
    );
    expect([retry, [...table.keys()]]).toEqual([[], [A]]);
    expect(book.counts.Dropped).toBe(2);
  });

  it('in scope `tagged`, nothing is lost when EC2 cannot be asked', async () => {
    openAccount({ instances: [instance(A)] });
    clients.ec2.on(DescribeInstancesCommand).rejects(refusal('RequestLimitExceeded'));
    expect((await cordon([message('m1', warning(A))], { scope: 'tagged' })).retry).toEqual(['m1']);
    expect([...table]).toEqual([]);
  });

  it('a Health event of several pages with hundreds of instances is one batch of records', async () => {
    const many = Array.from({ length: 350 }, (_, i) => `i-dddd${String(i).padStart(4, '0')}`);
    openAccount({ instances: many.map((id) => instance(id, { tags: {} })) });
    const pages = [many.slice(0, 200), many.slice(200)].map((some, i) =>
      message(`page ${i + 1}`, ...some.map((id) => retirement(id, NOW + HOUR))),
    );
    expect((await cordon(pages)).retry).toEqual([]);
    expect(table.size).toBe(350);
    expect(clients.sns.commandCalls(PublishCommand)).toHaveLength(1);
    expect(clients.ec2.commandCalls(CreateTagsCommand)).toHaveLength(1);
  });
});
