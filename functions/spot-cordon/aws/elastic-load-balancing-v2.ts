import {
  DeregisterTargetsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  type DescribeTargetGroupsCommandInput,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
  type TargetGroup as SdkTargetGroup,
  type TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import { hasName } from '#shared/errors.ts';
import type { Target } from '../domain/cordon-record.ts';
import type { RegisteredTarget, TargetGroup } from '../domain/drain-targets.ts';
import { callWithoutRefused, type RefusedItem } from './refused-items.ts';

const elb = createClient(ElasticLoadBalancingV2Client, { deadlineMs: 6_000 });

/** The page size and the ids that DescribeTargetGroups takes, and a number of targets that is safe for one change. */
const PAGE_SIZE = 400;
const MAX_ARNS = 20;
const MAX_TARGETS = 100;

export function listTargetGroups(signal: AbortSignal): Promise<TargetGroup[]> {
  return describePages({ PageSize: PAGE_SIZE }, signal);
}

export async function describeTargetGroupsByArn(
  arns: readonly string[],
  signal: AbortSignal,
): Promise<TargetGroup[]> {
  const pages = await Promise.all(
    chunk(arns, MAX_ARNS).map((some) => describePages({ TargetGroupArns: [...some] }, signal)),
  );
  return pages.flat();
}

/** Lists all registrations. A query for one target by id alone would find it under one port only. */
export async function listTargets(targetGroupArn: string, signal: AbortSignal): Promise<RegisteredTarget[]> {
  const command = new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn });
  const reply = await elb.send(command, { abortSignal: signal }).catch(ignoreNotFound);
  return (reply?.TargetHealthDescriptions ?? []).map(({ Target: target, TargetHealth }) => ({
    target: toTarget(target),
    state: TargetHealth?.State ?? 'unknown',
  }));
}

export async function readDeregistrationDelaySeconds(
  targetGroupArn: string,
  signal: AbortSignal,
): Promise<number> {
  const command = new DescribeTargetGroupAttributesCommand({ TargetGroupArn: targetGroupArn });
  const reply = await elb.send(command, { abortSignal: signal }).catch(ignoreNotFound);
  const delay = reply?.Attributes?.find(({ Key }) => Key === 'deregistration_delay.timeout_seconds');
  return Number(delay?.Value ?? 0);
}

export async function deregisterTargets(
  targetGroupArn: string,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<void> {
  for (const some of chunk(targets, MAX_TARGETS)) {
    const command = new DeregisterTargetsCommand({
      TargetGroupArn: targetGroupArn,
      Targets: [...some],
    });
    await elb.send(command, { abortSignal: signal }).catch(ignoreNotFound);
  }
}

/**
 * Ignores a target group that no longer exists.
 *
 * @returns the targets that cannot be registered, such as an instance that is not running
 */
export async function registerTargets(
  targetGroupArn: string,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<RefusedItem<Target>[]> {
  const refused = await mapLimit(chunk(targets, MAX_TARGETS), 1, (part) =>
    callWithoutRefused(
      part,
      async (some) => {
        const Targets = [...some];
        const command = new RegisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets });
        await elb.send(command, { abortSignal: signal }).catch(ignoreNotFound);
      },
      { isRefusal: isInvalidTarget, callsAtOnce: 4 },
    ),
  );
  return refused.flat();
}

function describePages(input: DescribeTargetGroupsCommandInput, signal: AbortSignal): Promise<TargetGroup[]> {
  return paginate<TargetGroup, string>(async (next) => {
    const command = new DescribeTargetGroupsCommand({ ...input, ...(next && { Marker: next }) });
    const { TargetGroups = [], NextMarker } = await elb.send(command, { abortSignal: signal });
    return { items: TargetGroups.map(toTargetGroup), next: NextMarker };
  });
}

function toTargetGroup(group: SdkTargetGroup): TargetGroup {
  return {
    arn: group.TargetGroupArn ?? '',
    targetType: group.TargetType ?? '',
    ...(group.VpcId && { vpcId: group.VpcId }),
    isInUse: (group.LoadBalancerArns ?? []).length > 0,
  };
}

function isInvalidTarget(error: unknown): boolean {
  // The name in the service model and the code in the response.
  return hasName(error, 'InvalidTargetException', 'InvalidTarget');
}

function ignoreNotFound(error: unknown): undefined {
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
