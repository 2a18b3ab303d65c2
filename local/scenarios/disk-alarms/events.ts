import type { World } from '../../pack/world.ts';
import { awsEvent } from '../../scenario-kit/events.ts';

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

function instanceArn(world: World, id: string): string {
  return `arn:aws:ec2:${world.region}:${world.accountId}:instance/${id}`;
}
