import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  DescribeLifecycleHooksCommand,
  DescribeScalingActivitiesCommand,
  PutLifecycleHookCommand,
  RecordLifecycleActionHeartbeatCommand,
  SetDesiredCapacityCommand,
  StartInstanceRefreshCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { DescribeInstancesCommand, DescribeReservedInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AutoScalingState } from '../../../../local/account/services/autoscaling/model.ts';
import type { Ec2State } from '../../../../local/account/services/ec2.ts';
import { errorOf, type Fixture, openAccount } from '../fixture.ts';

interface PolicyRequest {
  readonly CapacityToTerminate: readonly {
    readonly AvailabilityZone: string;
    readonly Capacity: number;
    readonly InstanceMarketOption: string;
  }[];
  readonly Instances: readonly { readonly AvailabilityZone: string; readonly InstanceId: string }[];
  readonly Cause: string;
}

let fixture: Fixture;
let autoScaling: AutoScalingClient;
let events: Record<string, unknown>[];
const chosen: { answer: (request: PolicyRequest) => unknown } = { answer: () => ({ InstanceIDs: [] }) };

beforeAll(async () => {
  fixture = await openAccount();
  autoScaling = fixture.client(AutoScalingClient);
  fixture.account.setHooks({
    onPublish: (event) => {
      events.push(event);
    },
    onInvoke: async (_name, request) => {
      return { ok: true, payload: JSON.stringify(chosen.answer(request as PolicyRequest)) };
    },
  });
});
afterAll(() => fixture.account.close());
beforeEach(async () => {
  await fixture.account.reset();
  events = [];
  fixture.holdClock();
});

const state = (): AutoScalingState => fixture.account.serviceState('autoscaling') as AutoScalingState;

async function createGroup(size: number, distribution: object = {}, overrides: object = {}): Promise<void> {
  await autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: 'workers',
      MinSize: 0,
      MaxSize: 50,
      DesiredCapacity: size,
      AvailabilityZones: ['eu-west-1a', 'eu-west-1b'],
      MixedInstancesPolicy: {
        LaunchTemplate: {
          LaunchTemplateSpecification: { LaunchTemplateName: 'workers' },
          Overrides: [{ InstanceType: 'm5.large' }, { InstanceType: 'c5.large' }],
        },
        InstancesDistribution: { OnDemandPercentageAboveBaseCapacity: 0, ...distribution },
      },
      ...overrides,
    }),
  );
}

async function group() {
  const { AutoScalingGroups } = await autoScaling.send(new DescribeAutoScalingGroupsCommand({}));
  return AutoScalingGroups?.[0];
}

/** How many instances of each market EC2 runs. */
async function running(): Promise<{ spot: number; onDemand: number }> {
  const { Reservations = [] } = await fixture
    .client(EC2Client)
    .send(new DescribeInstancesCommand({ Filters: [{ Name: 'instance-state-name', Values: ['running'] }] }));
  const all = Reservations.flatMap(({ Instances = [] }) => Instances);
  const spot = all.filter(({ InstanceLifecycle }) => InstanceLifecycle === 'spot').length;
  return { spot, onDemand: all.length - spot };
}

async function activities() {
  const { Activities = [] } = await autoScaling.send(
    new DescribeScalingActivitiesCommand({ AutoScalingGroupName: 'workers' }),
  );
  return Activities;
}

const dryUp = (pool: string, capacity = 0): unknown => state().script.push({ at: 0, pool, capacity });
const update = (input: object) =>
  autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'workers', ...input }));

describe('the markets of a group', () => {
  it.each([
    [10, {}, { spot: 10, onDemand: 0 }],
    [10, { OnDemandBaseCapacity: 3 }, { spot: 7, onDemand: 3 }],
    [10, { OnDemandBaseCapacity: 2, OnDemandPercentageAboveBaseCapacity: 30 }, { spot: 5, onDemand: 5 }],
    [10, { OnDemandPercentageAboveBaseCapacity: 25 }, { spot: 7, onDemand: 3 }],
  ])('%i instances with the distribution %j', async (size, distribution, expected) => {
    await createGroup(size, distribution);

    expect(await running()).toEqual(expected);
  });

  it('another pool serves when one dries up, in the same zone or another', async () => {
    dryUp('m5.large/eu-west-1a/spot');
    dryUp('c5.large/eu-west-1a/spot', 1);
    await createGroup(6);

    const types = ((await group())?.Instances ?? []).map(
      (one) => `${one.InstanceType} ${one.AvailabilityZone}`,
    );
    expect(types.filter((one) => one.endsWith('1a'))).toEqual(['c5.large eu-west-1a']);
    expect(types).toHaveLength(6);
    expect((await activities()).filter(({ StatusCode }) => StatusCode === 'Failed')).toHaveLength(1);
  });

  it('a launch fails with the public text when all pools are dry, and an event reports it', async () => {
    dryUp('*/*/spot');
    await createGroup(2);

    const [failed] = await activities();
    expect(failed?.StatusMessage).toMatch(
      /^Could not launch Spot Instances\. InsufficientInstanceCapacity - /,
    );
    expect(await running()).toEqual({ spot: 0, onDemand: 0 });
    expect(events.map((one) => one['detail-type'])).toContain('EC2 Instance Launch Unsuccessful');
    expect(events[0]?.['detail']).toMatchObject({ AutoScalingGroupName: 'workers', StatusCode: 'Failed' });
  });

  it('capacity comes back on a script', async () => {
    dryUp('*/*/spot');
    state().script.push({ at: fixture.clock.now() + 60_000, pool: '*/*/spot', capacity: 10 });
    await createGroup(2);
    fixture.clock.skip(60_000);
    await state().wake();

    expect(await running()).toEqual({ spot: 2, onDemand: 0 });
  });

  it('a quota fails a launch with another text than a dry market', async () => {
    await createGroup(1);
    state().quotas['on-demand'] = 1;
    await update({
      DesiredCapacity: 4,
      MixedInstancesPolicy: {
        InstancesDistribution: { OnDemandBaseCapacity: 3, OnDemandPercentageAboveBaseCapacity: 0 },
      },
    });

    const failed = (await activities()).filter(({ StatusCode }) => StatusCode === 'Failed');
    expect(failed[0]?.StatusMessage).toContain('VcpuLimitExceeded');
  });

  it('events of launches can be late or lost', async () => {
    dryUp('*/*/spot');
    await createGroup(0);
    state().eventDelivery = 'held';
    await update({ DesiredCapacity: 1 });
    expect(events).toEqual([]);

    await state().releaseEvents();
    expect(events).toHaveLength(2);
    state().eventDelivery = 'lost';
    await state().wake();
    await state().releaseEvents();
    expect(events).toHaveLength(2);
  });

  it('an interrupted instance is terminated after its notice and replaced', async () => {
    await createGroup(2);
    const [member] = [...(state().groups.get('workers')?.members.values() ?? [])];
    if (member) member.interruptedAt = fixture.clock.now() + 120_000;
    fixture.clock.skip(120_000);
    await state().wake();

    expect(await running()).toEqual({ spot: 2, onDemand: 0 });
    expect((await group())?.Instances?.map(({ InstanceId }) => InstanceId)).not.toContain(member?.id);
  });
});

describe('an update of a group', () => {
  it('exchanges instances gradually when the base changes, and never goes below the desired capacity', async () => {
    await createGroup(10);
    state().quotas['on-demand'] = 2;
    await update({
      MixedInstancesPolicy: {
        InstancesDistribution: { OnDemandBaseCapacity: 4, OnDemandPercentageAboveBaseCapacity: 0 },
      },
    });

    expect(await running()).toEqual({ spot: 8, onDemand: 2 });
  });

  it('keeps what it leaves out, except in the distribution, where members take their defaults', async () => {
    await createGroup(2, { OnDemandBaseCapacity: 1 });
    await update({ MaxSize: 40 });
    expect((await group())?.MixedInstancesPolicy?.InstancesDistribution?.OnDemandBaseCapacity).toBe(1);
    expect((await group())?.DesiredCapacity).toBe(2);

    await update({ MixedInstancesPolicy: { InstancesDistribution: { OnDemandBaseCapacity: 0 } } });
    expect(await running()).toEqual({ spot: 0, onDemand: 2 });
    expect((await group())?.MixedInstancesPolicy?.LaunchTemplate?.Overrides).toHaveLength(2);
  });

  it('is refused beyond the size of the group', async () => {
    await createGroup(2);
    const command = new SetDesiredCapacityCommand({ AutoScalingGroupName: 'workers', DesiredCapacity: 51 });

    expect((await errorOf(autoScaling.send(command))).name).toBe('ValidationError');
  });
});

describe('scale-in', () => {
  it('asks a termination policy function, for exactly the capacity by zone and market', async () => {
    await createGroup(
      4,
      {},
      { TerminationPolicies: ['arn:aws:lambda:eu-west-1:123456789012:function:choose:live'] },
    );
    const asked: PolicyRequest[] = [];
    chosen.answer = (request) => {
      asked.push(request);
      const [first] = request.CapacityToTerminate;
      const one = request.Instances.findLast((some) => some.AvailabilityZone === first?.AvailabilityZone);
      return { InstanceIDs: [one?.InstanceId] };
    };
    await autoScaling.send(
      new SetDesiredCapacityCommand({ AutoScalingGroupName: 'workers', DesiredCapacity: 2 }),
    );

    const capacity = asked[0]?.CapacityToTerminate.map(
      (one) => `${one.Capacity} ${one.InstanceMarketOption}`,
    );
    expect(capacity).toEqual(['1 spot', '1 spot']);
    expect(asked[0]).toMatchObject({ Cause: 'SCALE_IN', AutoScalingGroupName: 'workers' });
    // It named only one instance, so it was asked again.
    expect(asked[1]?.Instances).toHaveLength(3);
    expect(await running()).toEqual({ spot: 2, onDemand: 0 });
  });

  it('waits when the function chooses nobody, and asks again', async () => {
    await createGroup(
      2,
      {},
      { TerminationPolicies: ['arn:aws:lambda:eu-west-1:123456789012:function:choose:live'] },
    );
    chosen.answer = () => ({ InstanceIDs: [] });
    await autoScaling.send(
      new SetDesiredCapacityCommand({ AutoScalingGroupName: 'workers', DesiredCapacity: 1 }),
    );
    expect(await running()).toEqual({ spot: 2, onDemand: 0 });

    chosen.answer = ({ Instances }) => ({ InstanceIDs: Instances.map((one) => one.InstanceId) });
    await state().wake();
    expect(await running()).toEqual({ spot: 1, onDemand: 0 });
  });

  it('replaces one instance after the other in a refresh, which fails after an hour without progress', async () => {
    await createGroup(
      2,
      {},
      { TerminationPolicies: ['arn:aws:lambda:eu-west-1:123456789012:function:choose:live'] },
    );
    const before = ((await group())?.Instances ?? []).map(({ InstanceId }) => InstanceId);
    const causes: string[] = [];
    let kept = before[1];
    chosen.answer = ({ Cause, Instances }) => {
      causes.push(Cause);
      return { InstanceIDs: Instances.map((one) => one.InstanceId).filter((id) => id !== kept) };
    };
    await autoScaling.send(new StartInstanceRefreshCommand({ AutoScalingGroupName: 'workers' }));
    const status = async () => {
      const command = new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: 'workers' });
      return (await autoScaling.send(command)).InstanceRefreshes?.[0]?.Status;
    };
    expect(((await group())?.Instances ?? []).map(({ InstanceId }) => InstanceId)).not.toContain(before[0]);
    expect([await status(), ...new Set(causes)]).toEqual(['InProgress', 'INSTANCE_REFRESH']);

    fixture.clock.skip(3_600_000);
    await state().wake();
    expect(await status()).toBe('Failed');

    kept = undefined;
    await autoScaling.send(new StartInstanceRefreshCommand({ AutoScalingGroupName: 'workers' }));
    expect(await status()).toBe('Successful');
    expect(await running()).toEqual({ spot: 2, onDemand: 0 });
  });

  it('names no protected instance as a candidate', async () => {
    await createGroup(
      2,
      {},
      {
        NewInstancesProtectedFromScaleIn: true,
        TerminationPolicies: ['arn:aws:lambda:eu-west-1:123456789012:function:choose:live'],
      },
    );
    await autoScaling.send(
      new SetDesiredCapacityCommand({ AutoScalingGroupName: 'workers', DesiredCapacity: 0 }),
    );

    expect(await running()).toEqual({ spot: 2, onDemand: 0 });
  });
});

describe('lifecycle hooks', () => {
  const withHook = async (overrides: object = {}): Promise<string> => {
    await createGroup(1, {}, overrides);
    await autoScaling.send(
      new PutLifecycleHookCommand({
        AutoScalingGroupName: 'workers',
        LifecycleHookName: 'drain',
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        HeartbeatTimeout: 300,
      }),
    );
    const InstanceId = (await group())?.Instances?.[0]?.InstanceId ?? '';
    await autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: true }),
    );
    return InstanceId;
  };
  const complete = (InstanceId: string, LifecycleActionResult: string) =>
    autoScaling.send(
      new CompleteLifecycleActionCommand({
        AutoScalingGroupName: 'workers',
        LifecycleHookName: 'drain',
        InstanceId,
        LifecycleActionResult,
      }),
    );
  const heartbeat = (InstanceId: string) =>
    autoScaling.send(
      new RecordLifecycleActionHeartbeatCommand({
        AutoScalingGroupName: 'workers',
        LifecycleHookName: 'drain',
        InstanceId,
      }),
    );

  it('hold an instance until they are completed, and an event reports it', async () => {
    const id = await withHook();
    expect((await group())?.Instances?.[0]?.LifecycleState).toBe('Terminating:Wait');
    expect(events.at(-1)?.['detail-type']).toBe('EC2 Instance-terminate Lifecycle Action');

    await complete(id, 'CONTINUE');
    expect(await running()).toEqual({ spot: 0, onDemand: 0 });
    expect((await errorOf(complete(id, 'CONTINUE'))).message).toContain('No active Lifecycle Action found');
  });

  it('time out unless a heartbeat comes', async () => {
    const id = await withHook();
    fixture.clock.skip(200_000);
    await heartbeat(id);
    fixture.clock.skip(200_000);
    await state().wake();
    expect(await running()).toEqual({ spot: 1, onDemand: 0 });

    fixture.clock.skip(200_000);
    await state().wake();
    expect(await running()).toEqual({ spot: 0, onDemand: 0 });
  });

  it('cannot be completed or kept after their time, although nothing else happened since', async () => {
    const id = await withHook();
    fixture.clock.skip(301_000);

    expect((await errorOf(heartbeat(id))).message).toContain('No active Lifecycle Action found');
    expect((await errorOf(complete(id, 'CONTINUE'))).message).toContain('No active Lifecycle Action found');
    expect(await running()).toEqual({ spot: 0, onDemand: 0 });
  });

  it('are described by name, with both time limits', async () => {
    await withHook();
    const describe = (name: string) =>
      autoScaling.send(
        new DescribeLifecycleHooksCommand({ AutoScalingGroupName: 'workers', LifecycleHookNames: [name] }),
      );

    expect((await describe('drain')).LifecycleHooks).toMatchObject([
      { LifecycleHookName: 'drain', HeartbeatTimeout: 300, GlobalTimeout: 30_000 },
    ]);
    expect((await describe('another')).LifecycleHooks ?? []).toEqual([]);
  });

  it('retain an abandoned instance, if the group wants that', async () => {
    const id = await withHook({
      InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: 'retain' } },
    });
    await complete(id, 'ABANDON');

    expect((await group())?.Instances?.[0]?.LifecycleState).toBe('Terminating:Retained');
    expect(await running()).toEqual({ spot: 1, onDemand: 0 });
  });
});

describe('groups of both kinds', () => {
  it('are described together, and selected by tag', async () => {
    await createGroup(1, {}, { Tags: [{ Key: 'a', Value: '1', ResourceId: 'workers' }] });
    await fixture.client(EC2Client).send(new DescribeInstancesCommand({}));
    const { AutoScalingGroups } = await autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ Filters: [{ Name: 'tag:a', Values: ['1', '2'] }] }),
    );

    expect(AutoScalingGroups?.map(({ AutoScalingGroupName }) => AutoScalingGroupName)).toEqual(['workers']);
  });
});

describe('Reserved Instances', () => {
  it('are those that a scenario lists, by filter', async () => {
    const { reservedInstances } = fixture.account.serviceState('ec2') as Ec2State;
    reservedInstances.push({ instanceType: 'm5.large', instanceCount: 3 });
    reservedInstances.push({ instanceType: 'm5.large', instanceCount: 2, state: 'retired' });
    const command = new DescribeReservedInstancesCommand({
      Filters: [{ Name: 'state', Values: ['active'] }],
    });

    const { ReservedInstances = [] } = await fixture.client(EC2Client).send(command);
    expect(ReservedInstances.map(({ InstanceCount, Scope }) => `${InstanceCount} ${Scope}`)).toEqual([
      '3 Region',
    ]);
  });
});
