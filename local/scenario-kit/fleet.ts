import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  type CreateAutoScalingGroupCommandInput,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateCommand,
  CreateTagsCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  EC2Client,
  ModifyInstancePlacementCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { World } from './world.ts';

// Building blocks for scenarios: instances, Auto Scaling groups and target groups.

export type Tags = Readonly<Record<string, string>>;

const IMAGE = 'ami-12c6146b';

interface Network {
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
}

/** The default VPC and its subnets. */
async function describeNetwork(world: World): Promise<Network> {
  const { Subnets } = await world.client(EC2Client).send(new DescribeSubnetsCommand({}));
  const subnets = [...(Subnets ?? [])].sort((a, b) =>
    (a.AvailabilityZone ?? '').localeCompare(b.AvailabilityZone ?? ''),
  );
  return { vpcId: subnets[0]?.VpcId ?? '', subnetIds: subnets.map(({ SubnetId }) => SubnetId ?? '') };
}

/** Runs Spot instances that belong to no group. */
export async function runSpotInstances(world: World, count: number, tags: Tags = {}): Promise<string[]> {
  const reply = await world.client(EC2Client).send(
    new RunInstancesCommand({
      ImageId: IMAGE,
      InstanceType: 'm5.large',
      MinCount: count,
      MaxCount: count,
      InstanceMarketOptions: { MarketType: 'spot' },
      TagSpecifications: [{ ResourceType: 'instance', Tags: toTagList({ Name: 'worker', ...tags }) }],
    }),
  );
  return (reply.Instances ?? []).map(({ InstanceId }) => InstanceId ?? '');
}

/** Runs On-Demand instances on a Dedicated Host. */
export async function runInstancesOnHost(
  world: World,
  HostId: string,
  tags: readonly Tags[],
): Promise<string[]> {
  const ids: string[] = [];
  for (const one of tags) {
    const command = new RunInstancesCommand({
      ImageId: IMAGE,
      InstanceType: 'm5.large',
      MinCount: 1,
      MaxCount: 1,
      Placement: { Tenancy: 'host', HostId },
      TagSpecifications: [{ ResourceType: 'instance', Tags: toTagList(one) }],
    });
    const { Instances = [] } = await world.client(EC2Client).send(command);
    ids.push(Instances[0]?.InstanceId ?? '');
  }
  return ids;
}

/** Stops the instance and starts it on another Dedicated Host. */
export async function moveToHost(world: World, InstanceId: string, HostId: string): Promise<void> {
  const ec2 = world.client(EC2Client);
  await ec2.send(new StopInstancesCommand({ InstanceIds: [InstanceId] }));
  await ec2.send(new ModifyInstancePlacementCommand({ InstanceId, HostId, Tenancy: 'host' }));
  await ec2.send(new StartInstancesCommand({ InstanceIds: [InstanceId] }));
}

export interface GroupInput {
  readonly name: string;
  readonly size: number;
  readonly tags: Tags;
}

/** Creates an Auto Scaling group with running instances. @returns their ids */
export async function createGroup(
  world: World,
  { name, size, tags }: GroupInput,
  overrides: Partial<CreateAutoScalingGroupCommandInput> = {},
): Promise<string[]> {
  const { subnetIds } = await describeNetwork(world);
  const ec2 = world.client(EC2Client);
  await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: name,
      LaunchTemplateData: {
        ImageId: IMAGE,
        InstanceType: 'm5.large',
        InstanceMarketOptions: { MarketType: 'spot' },
      },
    }),
  );
  await world.client(AutoScalingClient).send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: name,
      LaunchTemplate: { LaunchTemplateName: name, Version: '$Latest' },
      MinSize: 0,
      MaxSize: size + 10,
      DesiredCapacity: size,
      VPCZoneIdentifier: subnetIds[0],
      Tags: Object.entries(tags).map(([Key, Value]) => ({
        Key,
        Value,
        PropagateAtLaunch: true,
        ResourceId: name,
      })),
      ...overrides,
    }),
  );
  return (await describeMembers(world, name)).map(({ id }) => id);
}

export interface GroupMember {
  readonly id: string;
  readonly state: string;
  readonly isProtected: boolean;
}

export async function describeMembers(world: World, group: string): Promise<GroupMember[]> {
  const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] });
  const { AutoScalingGroups } = await world.client(AutoScalingClient).send(command);
  return (AutoScalingGroups?.[0]?.Instances ?? []).map((instance) => ({
    id: instance.InstanceId ?? '',
    state: instance.LifecycleState ?? '',
    isProtected: instance.ProtectedFromScaleIn ?? false,
  }));
}

/** Creates a target group and a load balancer that uses it. @returns the ARN of the target group */
export async function createTargetGroup(
  world: World,
  name: string,
  {
    type = 'instance',
    drainSeconds = 60,
  }: { readonly type?: 'instance' | 'ip'; readonly drainSeconds?: number } = {},
): Promise<string> {
  const { vpcId, subnetIds } = await describeNetwork(world);
  const elb = world.client(ElasticLoadBalancingV2Client);
  const created = await elb.send(
    new CreateTargetGroupCommand({
      Name: name,
      Protocol: 'HTTP',
      Port: 8080,
      VpcId: vpcId,
      TargetType: type,
    }),
  );
  const arn = created.TargetGroups?.[0]?.TargetGroupArn ?? '';
  const balancer = await elb.send(
    new CreateLoadBalancerCommand({ Name: `${name}-lb`, Subnets: subnetIds.slice(0, 2), Scheme: 'internal' }),
  );
  await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: balancer.LoadBalancers?.[0]?.LoadBalancerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: arn }],
    }),
  );
  const Attributes = [{ Key: 'deregistration_delay.timeout_seconds', Value: String(drainSeconds) }];
  await elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn: arn, Attributes }));
  return arn;
}

export async function registerTargets(
  world: World,
  arn: string,
  targets: readonly { Id: string; Port: number }[],
): Promise<void> {
  const command = new RegisterTargetsCommand({ TargetGroupArn: arn, Targets: [...targets] });
  await world.client(ElasticLoadBalancingV2Client).send(command);
}

/** The targets that receive traffic, as `id:port`, sorted. */
export async function listTargets(world: World, arn: string): Promise<string[]> {
  const command = new DescribeTargetHealthCommand({ TargetGroupArn: arn });
  const { TargetHealthDescriptions } = await world.client(ElasticLoadBalancingV2Client).send(command);
  return (TargetHealthDescriptions ?? [])
    .filter(({ TargetHealth }) => TargetHealth?.State !== 'draining')
    .map(({ Target }) => `${Target?.Id}:${Target?.Port}`)
    .sort();
}

export async function tagInstances(world: World, ids: readonly string[], tags: Tags): Promise<void> {
  await world.client(EC2Client).send(new CreateTagsCommand({ Resources: [...ids], Tags: toTagList(tags) }));
}

export interface InstanceState {
  readonly state: string;
  readonly privateIp: string;
  readonly tags: Tags;
}

export async function describeInstances(
  world: World,
  ids: readonly string[],
): Promise<Map<string, InstanceState>> {
  const { Reservations } = await world
    .client(EC2Client)
    .send(new DescribeInstancesCommand({ InstanceIds: [...ids] }));
  const found = (Reservations ?? []).flatMap(({ Instances }) => Instances ?? []);
  return new Map(
    found.map((instance) => [
      instance.InstanceId ?? '',
      {
        state: instance.State?.Name ?? '',
        privateIp: instance.PrivateIpAddress ?? '',
        tags: Object.fromEntries((instance.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
      },
    ]),
  );
}

function toTagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
