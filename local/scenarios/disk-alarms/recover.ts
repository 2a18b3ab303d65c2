import assert from 'node:assert/strict';
import { CloudWatchClient, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { World } from '../../scenario-kit/world.ts';
import { recovery } from './events.ts';
import { actionsIn, callFunction, countOf, observe, PREFIX, type Servers, scenario } from './observe.ts';
import { reportLinux, runServers } from './servers.ts';

const QUEUE = 'file-servers-inbox';

/** A server whose alarms are OK and notify a topic with a queue. */
async function createRecoveredServer(world: World): Promise<Servers> {
  const { TopicArn } = await world.client(SNSClient).send(new CreateTopicCommand({ Name: 'file-servers' }));
  await world.client(SQSClient).send(new CreateQueueCommand({ QueueName: QUEUE }));
  const Endpoint = `arn:aws:sqs:${world.region}:${world.accountId}:${QUEUE}`;
  await world.client(SNSClient).send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }));
  const [id = ''] = await runServers(world, 'db-1', 1, { 'groundcrew:disk-topic': 'file-servers' });
  await reportLinux(world, id, [{ mount: '/data', device: 'nvme1n1', sizeGb: 100, free: 50 }]);
  await callFunction(world, { ids: [id], responses: [] }, { hostname: 'db-1' });
  for (const AlarmName of alarmNames(id)) {
    const change = { AlarmName, StateValue: 'OK' as const, StateReason: 'for the scenario' };
    await world.client(CloudWatchClient).send(new SetAlarmStateCommand(change));
  }
  return { ids: [id], responses: [], before: world.calls().length };
}

function alarmNames(id: string): string[] {
  return ['critical', 'warning'].map((purpose) => `${PREFIX}${id}-${purpose}-/data`);
}

/** The alarms in the messages of the topic. */
async function receiveNotifications(world: World): Promise<{ AlarmName: string; NewStateValue: string }[]> {
  const QueueUrl = `${world.ref('DiskAlarmsQueue').replace(/[^/]+$/, '')}${QUEUE}`;
  const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 60 });
  const { Messages = [] } = await world.client(SQSClient).send(command);
  return Messages.map(({ Body = '' }) => JSON.parse(JSON.parse(Body).Message));
}

export const recoverScenarios = [
  scenario('an alarm that went off is OK again', {
    arrange: createRecoveredServer,
    async act(world, { ids: [id = ''] }) {
      const [critical = '', warning = ''] = alarmNames(id);
      await world.put(
        recovery(world, critical, [70, 60, 50]),
        // The warning is off because the disk is critical now.
        recovery(world, warning, [1, -1, -1]),
        recovery(world, 'somebody-elses-alarm', [0, 0, 0]),
      );
      await world.settle();
    },
    async observe(world, servers) {
      const outcome = await observe(world, servers);
      const [id = ''] = servers.ids;
      const notified = (await receiveNotifications(world)).map(
        ({ AlarmName, NewStateValue }) => `${AlarmName.replace(id, 'server 1')} ${NewStateValue}`,
      );
      return { ...outcome, events: notified };
    },
    expect(outcome) {
      assert.deepEqual(outcome.events, [`${PREFIX}server 1-critical-/data OK`]);
      assert.deepEqual(
        [countOf(actionsIn(outcome), 'DescribeAlarms'), countOf(actionsIn(outcome), 'Publish')],
        [1, 1],
      );
    },
  }),
];
