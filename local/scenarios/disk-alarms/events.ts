import { awsEvent } from '../../scenario-kit/events.ts';
import type { World } from '../../scenario-kit/world.ts';

// Events, as AWS sends them.

export function stateChange(world: World, id: string, state: string): object {
  const detail = { 'instance-id': id, state };
  const detailType = 'EC2 Instance State-change Notification';
  return awsEvent(world, { source: 'aws.ec2', detailType, resources: [instanceArn(world, id)], detail });
}

export function tagChange(world: World, id: string, ...keys: string[]): object {
  const detail = {
    'changed-tag-keys': keys,
    service: 'ec2',
    'resource-type': 'instance',
    version: 3,
    tags: {},
  };
  const detailType = 'Tag Change on Resource';
  return awsEvent(world, { source: 'aws.tag', detailType, resources: [instanceArn(world, id)], detail });
}

/** An alarm that went off is OK again. `values` are the alarm's latest values. */
export function recovery(world: World, alarmName: string, values: readonly number[]): object {
  const timestamp = '2026-11-28T18:00:00.000+0000';
  const reasonData = JSON.stringify({ version: '1.0', period: 300, recentDatapoints: values, threshold: 0 });
  const detail = {
    alarmName,
    configuration: { metrics: [] },
    previousState: { value: 'ALARM', reason: 'Threshold Crossed', timestamp },
    state: { value: 'OK', reason: 'Threshold Crossed', reasonData, timestamp },
  };
  const arn = `arn:aws:cloudwatch:${world.region}:${world.accountId}:alarm:${alarmName}`;
  const detailType = 'CloudWatch Alarm State Change';
  return awsEvent(world, { source: 'aws.cloudwatch', detailType, resources: [arn], detail });
}

function instanceArn(world: World, id: string): string {
  return `arn:aws:ec2:${world.region}:${world.accountId}:instance/${id}`;
}
