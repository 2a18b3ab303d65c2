import type { World } from '../../scenario.ts';

// Events as AWS sends them.

function envelope(
  world: World,
  source: string,
  detailType: string,
  about: { id: string; detail: object },
): object {
  return {
    version: '0',
    id: crypto.randomUUID(),
    'detail-type': detailType,
    source,
    account: world.accountId,
    time: new Date(world.clock.now()).toISOString().replace(/\.\d+Z/, 'Z'),
    region: world.region,
    resources: [`arn:aws:ec2:${world.region}:${world.accountId}:instance/${about.id}`],
    detail: about.detail,
  };
}

export function stateChange(world: World, id: string, state: string): object {
  const detail = { 'instance-id': id, state };
  return envelope(world, 'aws.ec2', 'EC2 Instance State-change Notification', { id, detail });
}

export function tagChange(world: World, id: string, ...keys: string[]): object {
  const detail = {
    'changed-tag-keys': keys,
    service: 'ec2',
    'resource-type': 'instance',
    version: 3,
    tags: {},
  };
  return envelope(world, 'aws.tag', 'Tag Change on Resource', { id, detail });
}
