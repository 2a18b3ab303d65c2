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
  RunInstancesCommand,
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
import type { World } from '../pack/world.ts';

// Building blocks for scenarios: a fleet as an account has it.

export type Tags = Readonly<Record<string, string>>;

const IMAGE = 'ami-12c6146b';

export interface Network {
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
}

/** The account's default network. */
export async function network(world: World): Promise<Network> {
  const { Subnets } = await world.client(EC2Client).send(new DescribeSubnetsCommand({}));
  const subnets = [...(Subnets ?? [])].sort((a, b) =>
    (a.AvailabilityZone ?? '').localeCompare(b.AvailabilityZone ?? ''),
  );
  return { vpcId: subnets[0]?.VpcId ?? '', subnetIds: subnets.map(({ SubnetId }) => SubnetId ?? '') };
}

/** Spot instances outside any group. */
export async function runSpot(world: World, count: number, tags: Tags = {}): Promise<string[]> {
  const reply = await world.client(EC2Client).send(
    new RunInstancesCommand({
      ImageId: IMAGE,
      InstanceType: 'm5.large',
      MinCount: count,
      MaxCount: count,
      InstanceMarketOptions: { MarketType: 'spot' },
      TagSpecifications: [{ ResourceType: 'instance', Tags: toList({ Name: 'worker', ...tags }) }],
    }),
  );
  return (reply.Instances ?? []).map(({ InstanceId }) => InstanceId ?? '');
}

export interface GroupSeed {
  readonly name: string;
  readonly size: number;
  readonly tags: Tags;
}

/** An Auto Scaling group with its instances running. @returns their ids */
export async function runGroup(
  world: World,
  { name, size, tags }: GroupSeed,
  more: Partial<CreateAutoScalingGroupCommandInput> = {},
): Promise<string[]> {
  const { subnetIds } = await network(world);
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
      ...more,
    }),
  );
  return (await members(world, name)).map(({ id }) => id);
}

export interface MemberState {
  readonly id: string;
  readonly state: string;
  readonly isProtected: boolean;
}

export async function members(world: World, group: string): Promise<MemberState[]> {
  const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] });
  const { AutoScalingGroups } = await world.client(AutoScalingClient).send(command);
  return (AutoScalingGroups?.[0]?.Instances ?? []).map((instance) => ({
    id: instance.InstanceId ?? '',
    state: instance.LifecycleState ?? '',
    isProtected: instance.ProtectedFromScaleIn ?? false,
  }));
}

/** A target group behind a load balancer of its own, so that it is in use. @returns its ARN */
export async function createTargetGroup(
  world: World,
  name: string,
  {
    type = 'instance',
    drainsFor = 60,
  }: { readonly type?: 'instance' | 'ip'; readonly drainsFor?: number } = {},
): Promise<string> {
  const { vpcId, subnetIds } = await network(world);
  const elb = world.client(ElasticLoadBalancingV2Client);
  const made = await elb.send(
    new CreateTargetGroupCommand({
      Name: name,
      Protocol: 'HTTP',
      Port: 8080,
      VpcId: vpcId,
      TargetType: type,
    }),
  );
  const arn = made.TargetGroups?.[0]?.TargetGroupArn ?? '';
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
  const Attributes = [{ Key: 'deregistration_delay.timeout_seconds', Value: String(drainsFor) }];
  await elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn: arn, Attributes }));
  return arn;
}

export async function register(
  world: World,
  arn: string,
  targets: readonly { Id: string; Port: number }[],
): Promise<void> {
  const command = new RegisterTargetsCommand({ TargetGroupArn: arn, Targets: [...targets] });
  await world.client(ElasticLoadBalancingV2Client).send(command);
}

/** Ids and ports that take traffic, as `id:port`, sorted. */
export async function targets(world: World, arn: string): Promise<string[]> {
  const command = new DescribeTargetHealthCommand({ TargetGroupArn: arn });
  const { TargetHealthDescriptions } = await world.client(ElasticLoadBalancingV2Client).send(command);
  return (TargetHealthDescriptions ?? [])
    .filter(({ TargetHealth }) => TargetHealth?.State !== 'draining')
    .map(({ Target }) => `${Target?.Id}:${Target?.Port}`)
    .sort();
}

export async function tagInstances(world: World, ids: readonly string[], tags: Tags): Promise<void> {
  await world.client(EC2Client).send(new CreateTagsCommand({ Resources: [...ids], Tags: toList(tags) }));
}

export interface InstanceState {
  readonly state: string;
  readonly privateIp: string;
  readonly tags: Tags;
}

export async function instances(world: World, ids: readonly string[]): Promise<Map<string, InstanceState>> {
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

function toList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
