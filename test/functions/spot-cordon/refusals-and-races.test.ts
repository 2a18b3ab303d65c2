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
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import type { CordonConfig, MailConfig } from '../../../functions/spot-cordon/config.ts';
import { cordonInstances } from '../../../functions/spot-cordon/cordon-instances/cordon-instances.ts';
import {
  groupBatchByInstance,
  type ReceivedEvent,
} from '../../../functions/spot-cordon/cordon-instances/group-batch.ts';
import { activateDeferred, type CordonRecord } from '../../../functions/spot-cordon/domain/cordon-record.ts';
import {
  type Disruption,
  interruptionDisruption,
  maintenanceDisruption,
  rebalanceDisruption,
} from '../../../functions/spot-cordon/domain/disruption.ts';
import {
  cancelMaintenance,
  mergeDisruption,
} from '../../../functions/spot-cordon/domain/merge-disruptions.ts';
import { decideAtSweep } from '../../../functions/spot-cordon/domain/uncordon-decision.ts';
import { mailCordons } from '../../../functions/spot-cordon/mail-cordons/mail-cordons.ts';
import { cordonSummaryMail } from '../../../functions/spot-cordon/messages/mail.ts';
import { uncordonInstances } from '../../../functions/spot-cordon/uncordon-instances/uncordon-instances.ts';
import { removeRecords } from '../../../shared/aws/update-records.ts';
import { fakeInvocation } from '../../support/handlers/invocation.ts';
import {
  clients,
  type FakeInstance,
  keep,
  openAccount,
  publishedEvents,
  refusal,
  table,
} from './fake-account.ts';
import { cordonConfig, instance as sampleInstance } from './sample-records.ts';

// Calls that AWS refuses, and events that arrive at the same time.

const NOW = Date.parse('2026-11-02T10:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LEAD = 24 * HOUR;
const HOLD = 30 * MINUTE;
const ids = ['i-aaaa0001', 'i-aaaa0002', 'i-aaaa0003'] as const;
const [A, B, C] = ids;

function info(instanceId: string, eventTime = NOW) {
  return { instanceId, eventTime, sourceEventId: `event of ${instanceId}` };
}
const warning = (id: string, at = NOW, action: 'terminate' | 'stop' = 'terminate'): Disruption =>
  interruptionDisruption(info(id, at), 'spot interruption', action);
const recommendation = (id: string, at = NOW): Disruption => rebalanceDisruption(info(id, at), HOLD);
const retirement = (id: string, startsAt: number, at = NOW): Disruption =>
  maintenanceDisruption(info(id, at), { reason: 'scheduled retirement', action: 'stop' }, startsAt);

function message(id: string, ...disruptions: Disruption[]): ReceivedEvent {
  return { id, message: { kind: 'disruption', disruptions, ignored: [] } };
}

/** One batch of CordonInstances. */
async function cordon(received: readonly ReceivedEvent[], more: Partial<CordonConfig> = {}, now = NOW) {
  const { invocation, book } = fakeInvocation({ now: () => now });
  const deliveries = received.map((one) => ({ ...one, receiveCount: 1 }));
  const handled = await cordonInstances(deliveries, { ...cordonConfig, ...more }, invocation);
  return { retry: handled.retry.map(({ id }) => id), book };
}

/** One batch of MailCordons, with all events that were published since the account was opened. */
async function deliverMails(now = NOW, mails: MailConfig['mails'] = 'all') {
  const { invocation } = fakeInvocation({ now: () => now });
  const cordoned = publishedEvents().filter(({ type }) => type === 'Instance Cordoned');
  const received = cordoned.map(({ detail: { instanceId = '' } }, i) => ({
    id: `mail ${i}`,
    message: { kind: 'cordoned' as const, instanceId },
    receiveCount: 1,
  }));
  const topics = { topicArn: 'arn:notifications', chatTopicArn: undefined };
  const mailConfig = { table: 'cordons', ...topics, mails, dryRun: false };
  const { retry } = await mailCordons(received, mailConfig, invocation);
  return { retry: retry.map(({ id }) => id) };
}

async function sweep(now: number) {
  const { invocation, book } = fakeInvocation({ now: () => now });
  const deliveries = [{ id: 'sweep', message: { kind: 'sweep' }, receiveCount: 1 }] as const;
  const settings = {
    region: 'eu-west-1',
    table: 'cordons',
    advisoryQueueUrl: 'https://queue',
    cordonFunctionName: 'CordonInstances',
    dryRun: false,
  };
  const handled = await uncordonInstances(deliveries, settings, invocation);
  return { retry: handled.retry.map(({ id }) => id), book };
}

/** A record with all steps done. */
function cordoned(disruption: Disruption, more: Partial<CordonRecord> = {}): Omit<CordonRecord, 'revision'> {
  const done = {
    tag: 'done',
    publish: 'done',
    protect: 'removed',
    drain: 'done',
    replace: 'no',
    notify: 'claimed',
  };
  return {
    ...mergeDisruption(undefined, disruption, { leadMs: LEAD, now: NOW }).record,
    status: 'cordoned',
    steps: done,
    ...more,
  };
}

const OPT_IN = { 'groundcrew:drain': 'true', 'groundcrew:replace': 'true' };

function instance(id: string, more: Partial<FakeInstance> = {}): FakeInstance {
  return { id, ip: `10.0.0.${id.slice(-1)}`, tags: OPT_IN, ...more };
}

describe('a disruption is not lost', () => {
  it('when the same instance gets a second warning long after the first', () => {
    const known = keep(cordoned(warning(A, NOW - HOUR, 'stop')));
    const { record, change } = mergeDisruption(known, warning(A, NOW, 'stop'), { leadMs: LEAD, now: NOW });
    expect([change, record.steps, record.eventTime, record.deadline]).toEqual([
      'raised',
      {},
      NOW,
      NOW + 2 * MINUTE,
    ]);
  });

  it('when its time is slightly ahead of our clock', () => {
    expect(mergeDisruption(undefined, warning(A, NOW + 1500), { leadMs: LEAD, now: NOW }).change).toBe('new');
    expect(mergeDisruption(undefined, recommendation(A, NOW + 1500), { leadMs: LEAD, now: NOW }).change).toBe(
      'new',
    );
  });

  it('when it has a lower severity and arrives during an uncordon', async () => {
    openAccount({ instances: [instance(A)] });
    keep(cordoned(warning(A, NOW - HOUR, 'stop'), { status: 'uncordoning', uncordoningSince: NOW }));
    expect((await cordon([message('m1', recommendation(A))])).retry).toEqual(['m1']);
    table.clear(); // the uncordon is finished
    expect((await cordon([message('m1', recommendation(A))])).retry).toEqual([]);
    expect(table.get(A)?.severity).toBe('rebalance');
  });

  it('for schedulers, when an uncordon may still publish its event', async () => {
    openAccount({ instances: [instance(A)] });
    keep(cordoned(recommendation(A, NOW - HOUR), { status: 'uncordoning', uncordoningSince: NOW }));
    expect((await cordon([message('m1', warning(A))])).retry).toEqual(['m1']);
    await cordon([message('m1', warning(A))]);
    expect(publishedEvents().map(({ type }) => type)).toEqual(['Instance Cordoned', 'Instance Cordoned']);
  });

  it('because of an earlier deadline that has passed', () => {
    const known = keep(cordoned(retirement(A, NOW - 20 * HOUR, NOW - 30 * HOUR)));
    expect(mergeDisruption(known, warning(A), { leadMs: LEAD, now: NOW }).record.deadline).toBe(
      NOW + 2 * MINUTE,
    );
  });
});

describe('a cancellation wins', () => {
  const closed: ReceivedEvent = {
    id: 'm2',
    message: {
      kind: 'cancellation',
      instanceIds: [A],
      ignored: [],
      notice: 'scheduled retirement',
      eventTime: NOW,
    },
  };

  it('against the event that it cancels, in the same batch', async () => {
    openAccount({ instances: [instance(A)] });
    const { book } = await cordon([message('m1', retirement(A, NOW + HOUR, NOW - HOUR)), closed]);
    expect([...table]).toEqual([]);
    expect(book.lines).toContainEqual(expect.objectContaining({ message: 'event dropped' }));
  });

  it('but not against a later event', () => {
    const later = retirement(A, NOW + HOUR, NOW + MINUTE);
    expect(groupBatchByInstance([message('m1', later), closed], NOW).disruptions.get(A)?.disruptions).toEqual(
      [later],
    );
  });

  it('against a late duplicate of the event', () => {
    const notice = retirement(A, NOW + HOUR, NOW - HOUR);
    const closing = { notice: 'scheduled retirement', eventTime: NOW };
    const known = cancelMaintenance(cordoned(notice), closing, { leadMs: LEAD, now: NOW });
    expect(known?.expiresAt).toBe(NOW);
    expect(known && mergeDisruption(known, notice, { leadMs: LEAD, now: NOW }).change).toBe('none');
  });
});

describe('draining', () => {
  it('ignores a target with the same address in another VPC', async () => {
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

  it('continues in all other target groups when one is refused', async () => {
    openAccount(fleet);
    clients.elb.on(DeregisterTargetsCommand, { TargetGroupArn: 'tg-0' }).rejects(refusal('AccessDenied'));
    expect((await cordon(both)).retry).toEqual(['m2']);
    expect(clients.elb.commandCalls(DeregisterTargetsCommand)).toHaveLength(20);
    expect(table.get(A)?.steps.drain).toBe('19 targets in 19 target groups');
  });

  it('deregisters what was found when one target group cannot be described', async () => {
    openAccount(fleet);
    clients.elb.on(DescribeTargetHealthCommand, { TargetGroupArn: 'tg-0' }).rejects(refusal('Throttling'));
    expect((await cordon(both)).retry).toEqual(['m1', 'm2']);
    expect(clients.elb.commandCalls(DeregisterTargetsCommand)).toHaveLength(19);
    expect(table.get(A)?.drainedTargets).toHaveLength(19);
  });

  it('reads the target group again before it calls a target stuck', async () => {
    openAccount({ instances: [instance(A)], targetGroups: [] });
    const answer = (state: 'healthy' | 'draining') => ({
      TargetHealthDescriptions: [A, B, C].map((Id) => ({
        Target: { Id, Port: 80 },
        TargetHealth: { State: Id === A ? state : ('healthy' as const) },
      })),
    });
    clients.elb.on(DescribeTargetGroupsCommand).resolves({
      TargetGroups: [
        { TargetGroupArn: 'tg', TargetType: 'instance', VpcId: 'vpc-1', LoadBalancerArns: ['alb'] },
      ],
    });
    clients.elb
      .on(DescribeTargetHealthCommand)
      .resolvesOnce(answer('healthy'))
      .resolvesOnce(answer('healthy'))
      .resolves(answer('draining'));

    const { retry } = await cordon([message('m1', warning(A))]);

    expect(retry).toEqual([]);
    expect(table.get(A)?.steps.drain).toBe('1 target in 1 target group');
  });

  it('does not need the deregistration delay', async () => {
    openAccount(fleet);
    clients.elb.on(DescribeTargetGroupAttributesCommand).rejects(refusal('Throttling'));
    expect((await cordon(both)).retry).toEqual([]);
    expect(clients.elb.commandCalls(DeregisterTargetsCommand)).toHaveLength(20);
  });

  it('does not need Classic Load Balancers to answer', async () => {
    openAccount(fleet);
    clients.classic.on(DescribeLoadBalancersCommand).rejects(refusal('Throttling'));
    expect((await cordon(both)).retry).toEqual(['m1', 'm2']);
    expect(clients.elb.commandCalls(DeregisterTargetsCommand)).toHaveLength(20);
  });

  it('deregisters the known instances from a Classic Load Balancer when one is unknown', async () => {
    openAccount({ instances: [instance(A), instance(B)] });
    clients.classic.on(DescribeLoadBalancersCommand).resolves({
      LoadBalancerDescriptions: [
        {
          LoadBalancerName: 'old',
          Instances: [A, B, C, 'i-0000000a'].map((InstanceId) => ({ InstanceId })),
        },
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
    expect(table.get(B)?.steps.drain).toBe('1 Classic Load Balancer');
  });
});

describe('an Auto Scaling group', () => {
  const members = Array.from({ length: 10 }, (_, i) => `i-cccc000${i}`);
  const fleet = {
    instances: members.map((id, i) =>
      instance(id, { tags: { ...OPT_IN, 'aws:autoscaling:groupName': `group-${i}` } }),
    ),
    groups: members.map((id, i) => ({ name: `group-${i}`, members: [id], isProtected: true })),
  };
  const warnings = members.map((id, i) => message(`m${i}`, warning(id)));

  it('gets its replacement when another group refuses', async () => {
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

  it('that keeps its protection is recorded as such', async () => {
    openAccount(fleet);
    const message = `The instance ${members[0]} is not in InService or EnteringStandby or Standby.`;
    clients.autoScaling.on(SetInstanceProtectionCommand).rejects(refusal('ValidationError', message));
    await cordon(warnings.slice(0, 1));
    expect(table.get(members[0] ?? '')?.steps.protect).toBe('not in service');
  });
});

describe('the cordon tag', () => {
  it('is set on all other instances when one has 50 tags already', async () => {
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

  it('skips an id that CreateTags calls invalid', async () => {
    openAccount({ instances: [instance(A)] });
    clients.ec2.on(CreateTagsCommand).callsFake(async ({ Resources }) => {
      if (Resources.includes(B)) throw refusal('InvalidID', `The ID '${B}' is not valid`);
      return {};
    });
    expect((await cordon([message('m1', warning(A)), message('m2', warning(B))])).retry).toEqual([]);
  });

  it('of an earlier severity is deleted too if the present one was never set', async () => {
    openAccount({ instances: [instance(A)] });
    keep(cordoned(retirement(A, NOW - 25 * HOUR, NOW - 30 * HOUR), { steps: {} }));
    await sweep(NOW);
    const removed = clients.ec2
      .commandCalls(DeleteTagsCommand)
      .map(({ args }) => args[0].input.Tags?.[0]?.Value);
    expect(removed).toEqual(['rebalance', 'scheduled']);
  });
});

it('publishes all other events when some are refused', async () => {
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
  expect(many.filter((id) => table.get(id)?.steps.publish === 'done')).toHaveLength(200 - 29);
});

describe('an uncordon', () => {
  const expired = (id: string, target: string, more: Partial<CordonRecord> = {}): void => {
    const drainedTargets = [{ targetGroupArn: target, targets: [{ Id: id, Port: 80 }] }];
    keep(
      cordoned(recommendation(id, NOW - HOUR), {
        drainedTargets,
        group: `group-${id}`,
        removedProtection: { removedAt: NOW - HOUR, isConfirmed: true },
        ...more,
      }),
    );
  };
  const fleet = {
    instances: ids.map((id) => instance(id)),
    groups: ids.map((id) => ({ name: `group-${id}`, members: [id] })),
  };
  const left = (): string[] => [...table.keys()].sort();

  it('of an instance that cannot be registered does not stop the others in its target group', async () => {
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

  it('does not depend on another target group or Auto Scaling group', async () => {
    openAccount(fleet);
    for (const id of ids) expired(id, `tg-${id}`);
    clients.elb.on(RegisterTargetsCommand, { TargetGroupArn: `tg-${A}` }).rejects(refusal('TooManyTargets'));
    clients.autoScaling
      .on(SetInstanceProtectionCommand, { AutoScalingGroupName: `group-${B}` })
      .rejects(refusal('AccessDenied'));
    await sweep(NOW);
    expect(left()).toEqual([A, B]);
  });

  it('registers the known instances with a Classic Load Balancer', async () => {
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
    const stopped = sampleInstance({ instanceId: A, state: 'stopped' });
    const cut = {
      ...cordoned(recommendation(A)),
      revision: 'r',
      status: 'uncordoning',
      uncordoningSince: NOW - HOUR,
    } as const;
    expect(decideAtSweep(cut, stopped, NOW).kind).toBe('keep');
  });
});

it('stops retrying a table whose every transaction conflicts', async () => {
  openAccount({ instances: [] });
  const known = keep(cordoned(recommendation(A)));
  const reasons = { CancellationReasons: [{ Code: 'TransactionConflict' }] };
  clients.dynamo
    .on(TransactWriteItemsCommand)
    .rejects(refusal('TransactionCanceledException', 'cancelled', reasons));
  const { failures } = await removeRecords<CordonRecord>(
    { table: 'cordons', key: 'instanceId', signal: AbortSignal.timeout(5_000) },
    [known],
  );
  expect(String(failures.get(A))).toMatch(/kept/);
  expect(clients.dynamo.commandCalls(TransactWriteItemsCommand).length).toBeLessThan(10);
});

it('keeps a mail below the SNS limit, however many remarks there are', () => {
  const lines = Array.from({ length: 200 }, (_, i) => ({
    ...cordoned(warning(A)),
    revision: 'r',
    group: `ü${'ß'.repeat(254)}${i}`,
    steps: {},
    remarks: Array.from(
      { length: 50 },
      () => 'arn:aws:elasticloadbalancing drains for 300 s, longer than the notice',
    ),
  }));
  const { text } = cordonSummaryMail(lines);
  expect(Buffer.byteLength(text)).toBeLessThan(256 * 1024);
  expect(text).toMatch(/\.\.\. and \d+ more; the log of CordonInstances names them\./);
});

describe('mails and metrics', () => {
  it('sends a mail that SNS refused with the next delivery', async () => {
    openAccount({ instances: [instance(A, { tags: {} })] });
    clients.sns.on(PublishCommand).rejectsOnce(refusal('AuthorizationError')).resolves({});
    expect((await cordon([message('m1', warning(A))])).retry).toEqual([]);
    expect((await deliverMails()).retry).toEqual(['mail 0']);
    expect(table.get(A)?.steps.notify).toBeUndefined();
    expect((await deliverMails()).retry).toEqual([]);
    expect(clients.sns.commandCalls(PublishCommand)).toHaveLength(2);
    expect(table.get(A)?.steps.notify).toBe('claimed');
  });

  it('sends one mail for a storm that arrives in many batches', async () => {
    openAccount({ instances: ids.map((id) => instance(id, { tags: {} })) });
    for (const id of ids) await cordon([message(id, warning(id))]);
    await deliverMails();
    await deliverMails();
    const subjects = clients.sns.commandCalls(PublishCommand).map(({ args }) => args[0].input.Subject);
    expect(subjects).toEqual(['Groundcrew cordoned 3 instances (3 interruption)']);
  });

  it.each([
    ['interruption', ['Groundcrew cordoned 1 instance (1 interruption)']],
    ['all', ['Groundcrew cordoned 2 instances (1 interruption, 1 rebalance)']],
    ['none', []],
  ] as const)('with Mails=%s mails %j', async (mails, subjects) => {
    openAccount({ instances: [instance(A, { tags: {} }), instance(B, { tags: {} })] });
    await cordon([message('m1', warning(A)), message('m2', recommendation(B))]);

    await deliverMails(NOW, mails);

    const sent = clients.sns.commandCalls(PublishCommand).map(({ args }) => args[0].input.Subject);
    expect(sent).toEqual(subjects);
  });

  it('sends no mail for an instance that is no longer cordoned', async () => {
    openAccount({ instances: [instance(A, { tags: {} })] });
    await cordon([message('m1', warning(A))]);
    table.clear();
    expect((await deliverMails()).retry).toEqual([]);
    expect(clients.sns.commandCalls(PublishCommand)).toEqual([]);
  });

  it('counts a cordon once, when all steps are done', async () => {
    openAccount({ instances: [instance(A, { tags: {} })] });
    clients.ec2.on(CreateTagsCommand).rejectsOnce(refusal('RequestLimitExceeded')).resolves({});
    const first = await cordon([message('m1', warning(A))]);
    const second = await cordon([message('m1', warning(A))]);
    expect([first, second].map(({ book }) => book.counts['Cordoned.interruption'])).toEqual([undefined, 1]);
    expect(first.book.counts.StepFailed).toBe(1);
  });

  it('reads but writes nothing in a dry run', async () => {
    openAccount({
      instances: [instance(A)],
      targetGroups: [{ arn: 'tg', targets: [{ Id: A, Port: 80 }] }],
    });
    const { book } = await cordon([message('m1', warning(A))], { dryRun: true });
    const writes = Object.values(clients).flatMap((client) =>
      client.calls().filter(({ args }) => !/^(Describe|BatchGet)/.test(args[0].constructor.name)),
    );
    expect(writes).toEqual([]);
    expect(book.lines.map(({ message }) => message)).toEqual(['instance cordon planned']);
  });
});

it('retries maintenance that becomes due while its cordon is being undone', async () => {
  openAccount({ instances: [instance(A)] });
  keep({
    ...activateDeferred(cordoned(retirement(A, NOW + HOUR))),
    status: 'uncordoning',
    uncordoningSince: NOW,
  });
  expect((await cordon([{ id: 'm1', message: { kind: 'due', instanceId: A } }])).retry).toEqual(['m1']);
});

describe('scope and size', () => {
  it('cordons only tagged instances in scope `tagged`', async () => {
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

  it('loses nothing in scope `tagged` when EC2 does not answer', async () => {
    openAccount({ instances: [instance(A)] });
    clients.ec2.on(DescribeInstancesCommand).rejects(refusal('RequestLimitExceeded'));
    expect((await cordon([message('m1', warning(A))], { scope: 'tagged' })).retry).toEqual(['m1']);
    expect([...table]).toEqual([]);
  });

  it('writes a Health event with several pages and hundreds of instances in one batch', async () => {
    const many = Array.from({ length: 350 }, (_, i) => `i-dddd${String(i).padStart(4, '0')}`);
    openAccount({ instances: many.map((id) => instance(id, { tags: {} })) });
    const pages = [many.slice(0, 200), many.slice(200)].map((some, i) =>
      message(`page ${i + 1}`, ...some.map((id) => retirement(id, NOW + HOUR))),
    );
    expect((await cordon(pages)).retry).toEqual([]);
    expect(table.size).toBe(350);
    await deliverMails();
    expect(clients.sns.commandCalls(PublishCommand)).toHaveLength(1);
    expect(clients.ec2.commandCalls(CreateTagsCommand)).toHaveLength(1);
  });
});
