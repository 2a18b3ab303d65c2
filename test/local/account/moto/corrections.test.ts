import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AutoScalingClient,
  type AutoScalingGroup,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DetachInstancesCommand,
  PutLifecycleHookCommand,
  SetInstanceProtectionCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CopyImageCommand,
  CreateLaunchTemplateCommand,
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  EC2Client,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
  RegisterImageCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateLoadBalancerCommand,
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingClient,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import {
  CreateTargetGroupCommand,
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { CreateKeyCommand, DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { corrections } from '../../../../local/account/moto/corrections.ts';
import { errorOf, type Fixture, openAccount } from '../fixture.ts';

let fixture: Fixture;
let autoScaling: AutoScalingClient;
let classic: ElasticLoadBalancingClient;
let ec2: EC2Client;
let elb: ElasticLoadBalancingV2Client;

beforeAll(async () => {
  fixture = await openAccount();
  autoScaling = fixture.client(AutoScalingClient);
  classic = fixture.client(ElasticLoadBalancingClient);
  ec2 = fixture.client(EC2Client);
  elb = fixture.client(ElasticLoadBalancingV2Client);
});
beforeEach(() => fixture.account.reset());
afterAll(() => fixture?.account.close());

const unknownId = 'i-0123456789abcdef0';
const otherUnknownId = 'i-0fedcba9876543210';

test('the list names every patch that is applied to moto, and no other', () => {
  const folder = join(import.meta.dirname, '../../../../local/account/moto/patches');
  const source = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const applied = [...source.join('\n').matchAll(/^@patch\ndef (\w+)/gm)].map(([, name]) => name);
  expect(corrections.flatMap(({ patch }) => patch ?? []).toSorted()).toEqual(applied.toSorted());
  expect(corrections.filter(({ patch, refuse }) => !patch === !refuse)).toEqual([]);
});

describe('Auto Scaling', () => {
  let group: Group;
  beforeEach(async () => {
    group = await launchGroup(3);
  });
  const detach = (...InstanceIds: string[]) =>
    autoScaling.send(
      new DetachInstancesCommand({
        AutoScalingGroupName: 'g',
        InstanceIds,
        ShouldDecrementDesiredCapacity: false,
      }),
    );
  const protect = (...InstanceIds: string[]) =>
    autoScaling.send(
      new SetInstanceProtectionCommand({
        AutoScalingGroupName: 'g',
        InstanceIds,
        ProtectedFromScaleIn: true,
      }),
    );
  const terminate = (input: { InstanceId?: string; InstanceIds?: string[]; AutoScalingGroupName?: string }) =>
    autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({ ...input, ShouldDecrementDesiredCapacity: false }),
    );

  test('returns CapacityRebalance', async () => {
    expect(await describeGroup()).toMatchObject({ CapacityRebalance: true, DesiredCapacity: 3 });
  });

  test('rejects a whole detach call if one instance is not a member', async () => {
    const [first = ''] = group.ids;
    expect(await errorOf(detach(first, unknownId))).toMatchObject({
      name: 'ValidationError',
      message: `The instance ${unknownId} is not part of Auto Scaling group g.`,
    });
    expect(await memberIds()).toEqual(group.ids);
  });

  test('launches a replacement for a detached instance and deregisters it from the load balancers', async () => {
    const [first = '', ...rest] = group.ids;
    expect((await detach(first)).Activities).toHaveLength(1);
    const [kept, replacement = ''] = split(await memberIds(), group.ids);
    expect(kept).toEqual(rest);
    expect(await targets(group.arn)).toEqual({
      [`${first}:80`]: 'draining',
      ...healthy(...rest, replacement),
    });
    expect(await classicIds()).toEqual([...rest, replacement]);
    expect(await stateOf(first)).toBe('running');
    expect(await errorOf(detach(first))).toMatchObject({ name: 'ValidationError' });
  });

  test('does not register a manually deregistered member again when another one is replaced', async () => {
    const [first = '', second = ''] = group.ids;
    await elb.send(new DeregisterTargetsCommand({ TargetGroupArn: group.arn, Targets: [{ Id: first }] }));
    await classic.send(
      new DeregisterInstancesFromLoadBalancerCommand({
        LoadBalancerName: 'clb',
        Instances: [{ InstanceId: first }],
      }),
    );
    await detach(second);
    expect(await targets(group.arn)).toMatchObject({ [`${first}:80`]: 'draining' });
    expect(await classicIds()).not.toContain(first);
  });

  test('answers an unknown group with a ValidationError', async () => {
    const request = {
      AutoScalingGroupName: 'none',
      InstanceIds: group.ids,
      ShouldDecrementDesiredCapacity: false,
    };
    expect(await errorOf(autoScaling.send(new DetachInstancesCommand(request)))).toMatchObject({
      name: 'ValidationError',
    });
  });

  test('protects members, and rejects the whole call if one instance is not a member', async () => {
    const [first = ''] = group.ids;
    expect(await errorOf(protect(first, unknownId))).toMatchObject({ name: 'ValidationError' });
    expect((await describeGroup()).Instances?.some((one) => one.ProtectedFromScaleIn)).toBe(false);
    await protect(first);
    const { Instances = [] } = await describeGroup();
    expect(Instances.filter((one) => one.ProtectedFromScaleIn).map((one) => one.InstanceId)).toEqual([first]);
  });

  test('accepts 20 instances to detach, and 50 to protect or describe', async () => {
    const many = (count: number): string[] => Array.from({ length: count }, () => unknownId);
    const describeMany = (count: number) =>
      autoScaling.send(new DescribeAutoScalingInstancesCommand({ InstanceIds: many(count) }));
    expect(await errorOf(detach(...many(21)))).toMatchObject({
      message: expect.stringContaining('less than or equal to 20'),
    });
    expect(await errorOf(protect(...many(51)))).toMatchObject({
      message: expect.stringContaining('less than or equal to 50'),
    });
    expect(await errorOf(describeMany(51))).toMatchObject({
      message: expect.stringContaining('less than or equal to 50'),
    });
    expect((await describeMany(50)).AutoScalingInstances).toEqual([]);
  });

  test('terminates one instance by id, or several of a group', async () => {
    const [first = '', second = '', third = ''] = group.ids;
    const one = await terminate({ InstanceId: first });
    expect(one.Activity?.Description).toContain(first);
    const many = await terminate({ InstanceIds: [second, third], AutoScalingGroupName: 'g' });
    expect(many.Activity).toBeUndefined();
    expect(many.Activities?.map((activity) => activity.Description?.slice(-19))).toEqual([second, third]);
    const now = await memberIds();
    expect(now).toHaveLength(3);
    expect(now.filter((id) => group.ids.includes(id))).toEqual([]);
    expect(await Promise.all(group.ids.map(stateOf))).toEqual(['terminated', 'terminated', 'terminated']);
    expect(await targets(group.arn)).toEqual({
      ...Object.fromEntries(group.ids.map((id) => [`${id}:80`, 'draining'])),
      ...healthy(...now),
    });
    expect(await classicIds()).toEqual(now);
  });

  test.each([
    ['an instance without a group', { InstanceId: unknownId }],
    ['one of several instances', { InstanceIds: [unknownId], AutoScalingGroupName: 'g' }],
  ])('does not find %s', async (_, input) => {
    expect(await errorOf(terminate(input))).toMatchObject({
      name: 'ValidationError',
      message: expect.stringMatching(/^Instance Id not found - /),
    });
  });

  test('keeps an instance with a terminate hook waiting, replaced and deregistered', async () => {
    await autoScaling.send(
      new PutLifecycleHookCommand({
        AutoScalingGroupName: 'g',
        LifecycleHookName: 'drain',
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
      }),
    );
    const [first = '', ...rest] = group.ids;
    await terminate({ InstanceId: first });
    await terminate({ InstanceId: first });
    const { Instances = [] } = await describeGroup();
    expect(Instances.map((one) => one.LifecycleState)).toEqual([
      'Terminating:Wait',
      'InService',
      'InService',
      'InService',
    ]);
    expect(await stateOf(first)).toBe('running');
    expect(await targets(group.arn)).toMatchObject({ [`${first}:80`]: 'draining', ...healthy(...rest) });
    expect(await classicIds()).not.toContain(first);
    expect(await errorOf(detach(first))).toMatchObject({
      name: 'ValidationError',
      message: `The instance ${first} is not in InService or Standby.`,
    });
  });
});

describe('target groups', () => {
  let arn: string;
  let ids: string[];
  beforeEach(async () => {
    arn = await makeTargetGroup();
    ids = await run(2);
  });
  const register = (...Targets: { Id: string; Port?: number }[]) =>
    elb.send(new RegisterTargetsCommand({ TargetGroupArn: arn, Targets }));
  const deregister = (...Targets: { Id: string; Port?: number }[]) =>
    elb.send(new DeregisterTargetsCommand({ TargetGroupArn: arn, Targets }));

  test('store a target by id and port', async () => {
    const [first = '', second = ''] = ids;
    await register({ Id: first }, { Id: first, Port: 8080 }, { Id: second, Port: 8081 });
    await deregister({ Id: first }, { Id: second });
    expect(await targets(arn)).toEqual({
      [`${first}:80`]: 'draining',
      [`${first}:8080`]: 'healthy',
      [`${second}:8081`]: 'healthy',
    });
  });

  test('list a deregistered target as draining for the deregistration delay, and accept it again', async () => {
    const [first = ''] = ids;
    await elb.send(
      new ModifyTargetGroupAttributesCommand({
        TargetGroupArn: arn,
        Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '60' }],
      }),
    );
    await register({ Id: first });
    await deregister({ Id: first });
    expect(await targets(arn)).toEqual({ [`${first}:80`]: 'draining' });
    await register({ Id: first });
    expect(await targets(arn)).toEqual(healthy(first));
    await deregister({ Id: first });
    fixture.clock.skip(61_000);
    expect(await targets(arn)).toEqual({});
  });

  test('deregister an unknown target without an error, and reject an unknown instance', async () => {
    await deregister({ Id: unknownId });
    expect(await errorOf(register({ Id: unknownId }))).toMatchObject({ name: 'InvalidTargetException' });
    expect(await targets(arn)).toEqual({});
  });

  test('reject an instance that is not running', async () => {
    const [first = ''] = ids;
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [first] }));
    expect(await errorOf(register({ Id: first }))).toMatchObject({ name: 'InvalidTargetException' });
  });

  test('accept IP addresses', async () => {
    const { TargetGroups = [] } = await elb.send(
      new CreateTargetGroupCommand({
        Name: 'ip',
        Protocol: 'HTTP',
        Port: 80,
        TargetType: 'ip',
        VpcId: (await subnet()).vpc,
      }),
    );
    const ipArn = TargetGroups[0]?.TargetGroupArn ?? '';
    const Targets = [{ Id: '10.0.0.1' }, { Id: '10.0.0.1', Port: 8080 }];
    await elb.send(new RegisterTargetsCommand({ TargetGroupArn: ipArn, Targets }));
    await elb.send(new DeregisterTargetsCommand({ TargetGroupArn: ipArn, Targets: [{ Id: '10.0.0.1' }] }));
    expect(await targets(ipArn)).toEqual({ '10.0.0.1:80': 'draining', '10.0.0.1:8080': 'healthy' });
  });

  test('drain a terminated instance on all its ports', async () => {
    const [first = '', second = ''] = ids;
    await register({ Id: first }, { Id: first, Port: 8080 }, { Id: second });
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [first] }));
    expect(await targets(arn)).toEqual({
      [`${first}:80`]: 'draining',
      [`${first}:8080`]: 'draining',
      ...healthy(second),
    });
  });
});

test('a Classic Load Balancer registers an instance once and deregisters it on termination', async () => {
  await makeClassic();
  const [first = '', second = ''] = await run(2);
  const Instances = [{ InstanceId: first }, { InstanceId: second }];
  await classic.send(new RegisterInstancesWithLoadBalancerCommand({ LoadBalancerName: 'clb', Instances }));
  await classic.send(new RegisterInstancesWithLoadBalancerCommand({ LoadBalancerName: 'clb', Instances }));
  expect(await classicIds()).toEqual([first, second]);
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [first] }));
  expect(await classicIds()).toEqual([second]);
});

describe('EC2', () => {
  const describe_ = (InstanceIds: string[], MaxResults?: number) =>
    ec2.send(new DescribeInstancesCommand({ InstanceIds, ...(MaxResults && { MaxResults }) }));

  test('rejects a whole describe call and names every unknown instance', async () => {
    const [first = ''] = await run(1);
    expect(await errorOf(describe_([first, unknownId, otherUnknownId]))).toMatchObject({
      name: 'InvalidInstanceID.NotFound',
      message: `The instance IDs '${unknownId}, ${otherUnknownId}' do not exist`,
    });
    expect(await errorOf(describe_([unknownId]))).toMatchObject({
      message: `The instance ID '${unknownId}' does not exist`,
    });
  });

  test('describes one instance of a reservation, and a repeated id once', async () => {
    const [first = '', second = ''] = await run(2);
    const flat = async (ids: string[]): Promise<unknown[]> =>
      ((await describe_(ids)).Reservations ?? []).flatMap(({ Instances = [] }) =>
        Instances.map((one) => one.InstanceId),
      );
    expect(await flat([first])).toEqual([first]);
    expect(await flat([second, second])).toEqual([second]);
    expect(await flat([first, second])).toEqual([first, second]);
  });

  test.each([
    ['an id with an invalid format', ['i-xyz'], undefined, 'InvalidInstanceID.Malformed'],
    ['ids together with MaxResults', [unknownId], 5, 'InvalidParameterCombination'],
    ['more than 1000 ids', Array.from({ length: 1001 }, () => unknownId), undefined, 'ValidationError'],
  ])('rejects %s', async (_, ids, max, name) => {
    expect(await errorOf(describe_(ids, max))).toMatchObject({ name });
  });

  test('tags nothing if one instance does not exist', async () => {
    const [first = ''] = await run(1);
    const tagged = (...Resources: string[]) =>
      ec2.send(new CreateTagsCommand({ Resources, Tags: [{ Key: 'a', Value: '1' }] }));
    expect(await errorOf(tagged(first, unknownId))).toMatchObject({ name: 'InvalidInstanceID.NotFound' });
    expect(await tagsOf(first)).toEqual({});
    await tagged(first);
    expect(await tagsOf(first)).toEqual({ a: '1' });
  });

  test('deletes a tag with a value only if it has this value', async () => {
    const [first = ''] = await run(1);
    const Tags = [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
      { Key: 'c', Value: '3' },
    ];
    await ec2.send(new CreateTagsCommand({ Resources: [first], Tags }));
    await ec2.send(
      new DeleteTagsCommand({
        Resources: [first],
        Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: 'x' }, { Key: 'c' }],
      }),
    );
    expect(await tagsOf(first)).toEqual({ b: '2' });
  });
});

interface Group {
  readonly ids: string[];
  readonly arn: string;
}

async function launchGroup(size: number): Promise<Group> {
  const arn = await makeTargetGroup();
  await makeClassic();
  const LaunchTemplateData = { ImageId: 'ami-12345678', InstanceType: 't3.micro' } as const;
  await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: 'lt', LaunchTemplateData }));
  await autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: 'g',
      LaunchTemplate: { LaunchTemplateName: 'lt' },
      MinSize: 0,
      MaxSize: 9,
      DesiredCapacity: size,
      VPCZoneIdentifier: (await subnet()).id,
      TargetGroupARNs: [arn],
      LoadBalancerNames: ['clb'],
      CapacityRebalance: true,
    }),
  );
  return { ids: await memberIds(), arn };
}

async function describeGroup(): Promise<AutoScalingGroup> {
  const { AutoScalingGroups = [] } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['g'] }),
  );
  return AutoScalingGroups[0] as AutoScalingGroup;
}

async function memberIds(): Promise<string[]> {
  return ((await describeGroup()).Instances ?? []).map((one) => one.InstanceId ?? '');
}

/** The members that stayed, and the new one. */
function split(now: string[], before: string[]): [string[], string | undefined] {
  return [now.filter((id) => before.includes(id)), now.find((id) => !before.includes(id))];
}

async function subnet(): Promise<{ id: string; vpc: string }> {
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  return { id: Subnets[0]?.SubnetId ?? '', vpc: Subnets[0]?.VpcId ?? '' };
}

async function makeTargetGroup(): Promise<string> {
  const { vpc } = await subnet();
  const { TargetGroups = [] } = await elb.send(
    new CreateTargetGroupCommand({ Name: 'tg', Protocol: 'HTTP', Port: 80, VpcId: vpc }),
  );
  return TargetGroups[0]?.TargetGroupArn ?? '';
}

async function makeClassic(): Promise<void> {
  await classic.send(
    new CreateLoadBalancerCommand({
      LoadBalancerName: 'clb',
      AvailabilityZones: ['eu-west-1a'],
      Listeners: [{ Protocol: 'HTTP', LoadBalancerPort: 80, InstancePort: 80 }],
    }),
  );
}

async function run(count: number): Promise<string[]> {
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({ ImageId: 'ami-12345678', MinCount: count, MaxCount: count }),
  );
  return Instances.map((one) => one.InstanceId ?? '');
}

async function targets(arn: string): Promise<Record<string, string | undefined>> {
  const { TargetHealthDescriptions = [] } = await elb.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: arn }),
  );
  return Object.fromEntries(
    TargetHealthDescriptions.map(({ Target, TargetHealth }) => [
      `${Target?.Id}:${Target?.Port}`,
      TargetHealth?.State,
    ]),
  );
}

const healthy = (...ids: string[]): Record<string, string> =>
  Object.fromEntries(ids.map((id) => [`${id}:80`, 'healthy']));

async function classicIds(): Promise<unknown[]> {
  const { LoadBalancerDescriptions = [] } = await classic.send(
    new DescribeLoadBalancersCommand({ LoadBalancerNames: ['clb'] }),
  );
  return (LoadBalancerDescriptions[0]?.Instances ?? []).map((one) => one.InstanceId);
}

async function find(id: string) {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return Reservations[0]?.Instances?.[0];
}

const stateOf = async (id: string): Promise<string | undefined> => (await find(id))?.State?.Name;

async function tagsOf(id: string): Promise<Record<string, unknown>> {
  return Object.fromEntries(((await find(id))?.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
}

describe('images', () => {
  const account = '111122223333';
  const kms = (): KMSClient => fixture.client(KMSClient);

  async function register(): Promise<string> {
    return (await ec2.send(new RegisterImageCommand({ Name: 'web' }))).ImageId ?? '';
  }

  async function copy(more: object): Promise<string> {
    const SourceImageId = await register();
    const command = new CopyImageCommand({ Name: 'copy', SourceImageId, SourceRegion: 'eu-west-1', ...more });
    return (await ec2.send(command)).ImageId ?? '';
  }

  async function snapshotOf(id: string): Promise<{ readonly id: string; readonly key: string | undefined }> {
    const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [id] }));
    const { SnapshotId = '', Encrypted } = Images?.[0]?.BlockDeviceMappings?.[0]?.Ebs ?? {};
    const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [SnapshotId] }));
    expect(Snapshots?.[0]?.Encrypted).toBe(Encrypted);
    return { id: SnapshotId, key: Encrypted ? Snapshots?.[0]?.KmsKeyId : undefined };
  }

  const share = (ImageId: string) =>
    ec2.send(new ModifyImageAttributeCommand({ ImageId, LaunchPermission: { Add: [{ UserId: account }] } }));

  test('are filtered by owner, also if ids are given', async () => {
    const ours = await register();
    const found = async (Owners: string[], ImageIds: string[]): Promise<number | undefined> =>
      (await ec2.send(new DescribeImagesCommand({ Owners, ImageIds }))).Images?.length;
    expect(await found(['self'], [ours])).toBe(1);
    expect(await found(['amazon'], [ours])).toBe(0);
    expect(await found(['self'], [ours, 'ami-12c6146b'])).toBe(1);
  });

  test('are encrypted when copied as requested, and report it', async () => {
    const { KeyMetadata } = await kms().send(new CreateKeyCommand({}));
    expect((await snapshotOf(await copy({}))).key).toBeUndefined();
    expect((await snapshotOf(await copy({ KmsKeyId: KeyMetadata?.Arn }))).key).toBe(KeyMetadata?.Arn);
    expect((await snapshotOf(await copy({ Encrypted: true }))).key).toMatch(/^arn:aws:kms:eu-west-1:/);
  });

  test('with an AWS managed key cannot be shared, and the key reports its manager', async () => {
    const { KeyMetadata } = await kms().send(new CreateKeyCommand({}));
    const own = await copy({ KmsKeyId: KeyMetadata?.Arn });
    const service = await copy({ Encrypted: true });
    const { id: SnapshotId, key } = await snapshotOf(service);
    const manager = async (KeyId = ''): Promise<string | undefined> =>
      (await kms().send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyManager;
    expect([await manager(KeyMetadata?.Arn), await manager(key)]).toEqual(['CUSTOMER', 'AWS']);
    await share(own);
    expect((await errorOf(share(service))).name).toBe('OperationNotPermitted');
    const volume = new ModifySnapshotAttributeCommand({
      SnapshotId,
      Attribute: 'createVolumePermission',
      OperationType: 'add',
      UserIds: [account],
    });
    expect((await errorOf(ec2.send(volume))).name).toBe('OperationNotPermitted');
  });
});
