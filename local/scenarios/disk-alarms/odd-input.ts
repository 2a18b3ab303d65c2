import assert from 'node:assert/strict';
import { CloudWatchClient, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { CreateAliasCommand, CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { World } from '../../scenario-kit/world.ts';
import { stateChange } from './events.ts';
import {
  actionsIn,
  alarmsOf,
  callFunction,
  countOf,
  PREFIX,
  responsesOf,
  type Servers,
  scenario,
  writesOf,
} from './observe.ts';
import { metric, reportLinux, runServers, sendMetrics } from './servers.ts';

const HOURLY = 'ReconcileDiskAlarmsHourly';

/** The first server has disks, the second has none, the third has an invalid tag. */
async function createOddServers(world: World): Promise<Servers> {
  const [good = ''] = await runServers(world, 'good');
  const [bare = ''] = await runServers(world, 'bare');
  const [odd = ''] = await runServers(world, 'odd', 1, { 'groundcrew:disk-tiers': '30 and 20' });
  for (const id of [good, odd])
    await reportLinux(world, id, [{ mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 50 }]);
  return { ids: [good, bare, odd], responses: [] };
}

/** CloudWatch may use only the key of the last one. */
async function createEncryptedTopics(world: World): Promise<void> {
  const kms = world.client(KMSClient);
  const locked = await createKey(world, { AWS: `arn:aws:iam::${world.accountId}:root` });
  const disabled = await createKey(world, '*');
  await kms.send(new DisableKeyCommand({ KeyId: disabled }));
  const open = await createKey(world, { Service: 'cloudwatch.amazonaws.com' });
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/alarms', TargetKeyId: open }));
  for (const [Name, KmsMasterKeyId] of Object.entries({ locked, disabled, open: 'alias/alarms' }))
    await world.client(SNSClient).send(new CreateTopicCommand({ Name, Attributes: { KmsMasterKeyId } }));
}

async function createKey(world: World, Principal: unknown): Promise<string> {
  const Action = ['kms:Decrypt', 'kms:GenerateDataKey*'];
  const Policy = JSON.stringify({ Statement: [{ Effect: 'Allow', Principal, Action, Resource: '*' }] });
  const { KeyMetadata } = await world.client(KMSClient).send(new CreateKeyCommand({ Policy }));
  return KeyMetadata?.KeyId ?? '';
}

// Not in the fault sweep: they write nothing, or the same as other scenarios.
export const oddInputScenarios = [
  scenario('invalid calls', {
    sweep: false,
    arrange: createOddServers,
    async act(world, servers) {
      const far = 'arn:aws:sns:us-west-2:123456789012:far';
      await callFunction(world, servers, { hostname: 'nobody*' });
      await callFunction(world, servers, { hostname: 'good', sns_topic_name: far });
      await callFunction(world, servers, {
        hostname: 'good',
        sns_topic_name: 'arn:aws:sqs:eu-west-1:123456789012:queue',
      });
      await callFunction(world, servers, { hostname: 'good', sns_topic_name: 'no-such-topic' });
      await callFunction(world, servers, { hostnme: 'good' });
      await callFunction(world, servers, { hostname: 'bare' });
      await callFunction(world, servers, { hostname: 'odd' });
    },
    expect(outcome) {
      const errors = responsesOf(outcome).flatMap(({ error }) => error ?? []);
      assert.deepEqual(errors, [
        'hostname: no instance has a Name tag like "nobody*"',
        'sns_topic_name must be in eu-west-1, where the alarms are, got "arn:aws:sns:us-west-2:123456789012:far"',
        'sns_topic_name must be a standard SNS topic, by name or by ARN, got "arn:aws:sqs:eu-west-1:123456789012:queue"',
        'sns_topic_name: topic arn:aws:sns:eu-west-1:123456789012:no-such-topic does not exist',
        'call: it must have no member "hostnme", got an object',
      ]);
      assert.deepEqual(
        responsesOf(outcome).flatMap(({ skippedFor }) => Object.keys(skippedFor ?? {})),
        [
          'no disk metrics in the past three hours: check that its CloudWatch agent runs',
          'tag groundcrew:disk-tiers has the tier "30", expected <from GB>:<warning %>/<critical %> like 0:30/20',
        ],
      );
      assert.deepEqual(
        writesOf(actionsIn(outcome)).filter((action) => action !== 'SendMessageBatch'),
        [],
      );
    },
  }),

  scenario('tags name topics that cannot be used', {
    sweep: false, // one read more than other scenarios, and the same writes
    async arrange(world) {
      const sns = world.client(SNSClient);
      const Attributes = { KmsMasterKeyId: 'alias/aws/sns' };
      await sns.send(new CreateTopicCommand({ Name: 'encrypted', Attributes }));
      const Statement = {
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sns:Publish',
      };
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ ...Statement, Resource: '*' }] });
      await sns.send(new CreateTopicCommand({ Name: 'closed', Attributes: { Policy } }));
      await createEncryptedTopics(world);
      const ids: string[] = [];
      for (const topic of ['misspelt', 'encrypted', 'misspelt', 'closed', 'locked', 'disabled', 'open']) {
        const [id = ''] = await runServers(world, 'web', 1, { 'groundcrew:disk-topic': topic });
        await reportLinux(world, id, [{ mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 50 }]);
        ids.push(id);
      }
      return { ids, responses: [], before: world.calls().length };
    },
    act: (world, servers) => callFunction(world, servers, { hostname: 'web' }),
    expect(outcome) {
      const topics = Object.values(alarmsOf(outcome)).map((alarm) => alarm.topics);
      const usable = topics.filter(([topic]) => topic !== 'default');
      assert.deepEqual(usable, [['open'], ['open']]);
      assert.equal(topics.length, 14);
      assert.deepEqual(responsesOf(outcome)[0]?.unusableTopics, [
        'topic arn:aws:sns:eu-west-1:123456789012:closed has a policy that does not let CloudWatch publish; allow cloudwatch.amazonaws.com',
        'topic arn:aws:sns:eu-west-1:123456789012:disabled is encrypted with a key that is Disabled, so nobody can publish to it',
        'topic arn:aws:sns:eu-west-1:123456789012:encrypted is encrypted with alias/aws/sns, so CloudWatch cannot publish to it; use a customer key',
        'topic arn:aws:sns:eu-west-1:123456789012:locked is encrypted with a key whose policy does not let CloudWatch use it; allow cloudwatch.amazonaws.com kms:Decrypt and kms:GenerateDataKey*',
        'topic arn:aws:sns:eu-west-1:123456789012:misspelt does not exist',
      ]);
      assert.equal(responsesOf(outcome)[0]?.counts?.['skipped'], 6);
      assert.equal(countOf(actionsIn(outcome), 'GetTopicAttributes'), 6);
    },
  }),

  scenario('a running instance without an agent is named', {
    sweep: false, // writes nothing
    async arrange(world) {
      const servers = await createOddServers(world);
      world.clock.skip(2 * 3_600_000);
      return servers;
    },
    act: (world, servers) => callFunction(world, servers, { dry_run: true }),
    expect(outcome) {
      const [response] = responsesOf(outcome);
      assert.deepEqual(
        response?.unmonitored?.map((name) => name.replace(/i-[0-9a-f]+/, 'id')),
        ['bare (id)'],
      );
    },
  }),

  scenario('the hourly run catches up on lost events', {
    sweep: false,
    async arrange(world) {
      const servers = await createOddServers(world);
      await callFunction(world, servers, { hostname: 'good' });
      const [good = '', bare = ''] = servers.ids;
      await world.client(EC2Client).send(new TerminateInstancesCommand({ InstanceIds: [good] }));
      await reportLinux(world, bare, [{ mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 50 }]);
      // An alarm of somebody else whose name starts like ours.
      const other = {
        Namespace: 'AWS/EC2',
        MetricName: 'CPUUtilization',
        Statistic: 'Average' as const,
        Period: 60,
      };
      const rule = { EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: 'LessThanThreshold' as const };
      const AlarmName = `${PREFIX}${good}-critical-by-hand`;
      await world.client(CloudWatchClient).send(new PutMetricAlarmCommand({ AlarmName, ...other, ...rule }));
      return servers;
    },
    async act(world) {
      await world.fire(HOURLY);
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(Object.keys(alarmsOf(outcome)).sort(), [
        'server 1-critical-by-hand',
        'server 2-critical-/',
        'server 2-warning-/',
      ]);
    },
  }),

  scenario('a batch with invalid messages, and unusual metrics', {
    sweep: false,
    async arrange(world) {
      const servers = await createOddServers(world);
      const [good = ''] = servers.ids;
      const data = { InstanceId: good, device: 'nvme1n1', fstype: 'ext4' };
      await sendMetrics(world, [
        metric('disk_used_percent', { ...data, path: `/srv/"Daten" für alle (${'x'.repeat(300)})` }, 20),
        metric('disk_used_percent', { InstanceId: good }, 20),
        metric('disk_used_percent', { host: 'good', path: '/' }, 20),
        metric('disk_used_percent', { InstanceId: good, path: '/' }, 20),
        metric('disk_used_percent', { InstanceId: good, path: '/run/user/1000' }, 20),
      ]);
      return servers;
    },
    async act(world, { ids: [good = ''] }) {
      const bodies = [
        'no JSON at all {',
        JSON.stringify({ hello: 'world' }),
        JSON.stringify(stateChange(world, 'worker-7', 'running')),
        JSON.stringify(stateChange(world, 'i-0123456789abcdef0', 'stopped')),
        JSON.stringify({ task: { scope: { instanceIds: [] }, attempt: 1, reason: 'no-metrics', until: 0 } }),
        JSON.stringify(stateChange(world, good, 'running')),
        JSON.stringify(stateChange(world, good, 'running')),
      ];
      for (const MessageBody of bodies) {
        const command = new SendMessageCommand({ QueueUrl: world.ref('DiskAlarmsQueue'), MessageBody });
        await world.client(SQSClient).send(command);
      }
      await world.settle();
    },
    expect(outcome) {
      const found = Object.keys(alarmsOf(outcome));
      assert.deepEqual(found.filter((name) => name.endsWith('-/')).length, 2);
      const long = found.filter((name) => !name.endsWith('-/')).sort();
      assert.equal(long.length, 2);
      assert.match(long[0] ?? '', /^server 1-critical-\/srv\/_Daten_f_r_alle_x+-[0-9a-f]{12}$/);
    },
  }),
];
