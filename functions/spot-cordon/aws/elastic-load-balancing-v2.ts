import {
  DeregisterTargetsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  type DescribeTargetGroupsCommandInput,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  type TargetGroup as ElbTargetGroup,
  RegisterTargetsCommand,
  type TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import { hasName } from '#shared/errors.ts';
import type { Target } from '../domain/cordon-record.ts';
import type { Registered, TargetGroup } from '../domain/drain-targets.ts';
import { callWithoutRefused, type RefusedItem } from './refused-items.ts';

const elb = createClient(ElasticLoadBalancingV2Client, { deadlineMs: 6_000 });

/** The most that one page of either describe holds, and a cautious number of targets for one change. */
const PAGE = 400;
const ARNS = 20;
const TARGETS = 100;

export function listTargetGroups(signal: AbortSignal): Promise<TargetGroup[]> {
  return describeTargetGroups({ PageSize: PAGE }, signal);
}

export async function readTargetGroups(arns: readonly string[], signal: AbortSignal): Promise<TargetGroup[]> {
  const pages = await Promise.all(
    chunk(arns, ARNS).map((some) => describeTargetGroups({ TargetGroupArns: [...some] }, signal)),
  );
  return pages.flat();
}

/** All that is registered, under every port. Asking for one target by id alone would find it under one port only. */
export async function listTargets(targetGroupArn: string, signal: AbortSignal): Promise<Registered[]> {
  const command = new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn });
  const reply = await elb.send(command, { abortSignal: signal }).catch(unlessGone);
  return (reply?.TargetHealthDescriptions ?? []).map(({ Target: target, TargetHealth }) => ({
    target: toTarget(target),
    state: TargetHealth?.State ?? 'unknown',
  }));
}

export async function deregistrationDelaySeconds(
  targetGroupArn: string,
  signal: AbortSignal,
): Promise<number> {
  const command = new DescribeTargetGroupAttributesCommand({ TargetGroupArn: targetGroupArn });
  const reply = await elb.send(command, { abortSignal: signal }).catch(unlessGone);
  const delay = reply?.Attributes?.find(({ Key }) => Key === 'deregistration_delay.timeout_seconds');
  return Number(delay?.Value ?? 0);
}

export async function deregisterTargets(
  targetGroupArn: string,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<void> {
  for (const some of chunk(targets, TARGETS)) {
    const command = new DeregisterTargetsCommand({
      TargetGroupArn: targetGroupArn,
      Targets: [...some],
    });
    await elb.send(command, { abortSignal: signal }).catch(unlessGone);
  }
}

/**
 * A target group that was deleted meanwhile has nothing to go back to; that is no failure.
 *
 * @returns the targets that cannot be registered, such as an instance that is not running
 */
export async function registerTargets(
  targetGroupArn: string,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<RefusedItem<Target>[]> {
  const refused = await mapLimit(chunk(targets, TARGETS), 1, (part) =>
    callWithoutRefused(
      part,
      async (some) => {
        const Targets = [...some];
        const command = new RegisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets });
        await elb.send(command, { abortSignal: signal }).catch(unlessGone);
      },
      { isRefusal: isInvalidTarget, callsAtOnce: 4 },
    ),
  );
  return refused.flat();
}

function describeTargetGroups(
  input: DescribeTargetGroupsCommandInput,
  signal: AbortSignal,
): Promise<TargetGroup[]> {
  return paginate<TargetGroup, string>(async (next) => {
    const command = new DescribeTargetGroupsCommand({ ...input, ...(next && { Marker: next }) });
    const { TargetGroups = [], NextMarker } = await elb.send(command, { abortSignal: signal });
    return { items: TargetGroups.map(toTargetGroup), next: NextMarker };
  });
}

function toTargetGroup(group: ElbTargetGroup): TargetGroup {
  return {
    arn: group.TargetGroupArn ?? '',
    targetType: group.TargetType ?? '',
    ...(group.VpcId && { vpcId: group.VpcId }),
    inUse: (group.LoadBalancerArns ?? []).length > 0,
  };
}

function isInvalidTarget(error: unknown): boolean {
  // The model's name and the code on the wire.
  return hasName(error, 'InvalidTargetException', 'InvalidTarget');
}

function unlessGone(error: unknown): undefined {
  if (!hasName(error, 'TargetGroupNotFoundException', 'TargetGroupNotFound')) throw error;
  return undefined;
}

function toTarget(target: TargetDescription | undefined): Target {
  return {
    Id: target?.Id ?? '',
    ...(target?.Port !== undefined && { Port: target.Port }),
    ...(target?.AvailabilityZone && { AvailabilityZone: target.AvailabilityZone }),
    ...(target?.QuicServerId && { QuicServerId: target.QuicServerId }),
  };
}
