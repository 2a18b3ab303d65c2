import { describeInstances } from '../aws/ec2.ts';
import { readFailedLaunches } from '../aws/mixed-groups.ts';
import type { FallBackContext } from '../context.ts';
import { type Observation, toFailedLaunch } from '../domain/fall-back.ts';
import type { FallBackDraft } from '../domain/fall-back-record.ts';
import { interruptedInstances } from '../domain/interruptions.ts';
import { capacityOf, fallBackTags } from '../domain/mixed-group.ts';
import type { GroupNews } from './collect-news.ts';
import { readReservedFloor } from './read-reserved-floor.ts';

/** Reads what is known about a group. The record says which instances are about to end. */
export async function observeMarket(
  context: FallBackContext,
  news: GroupNews,
  record: FallBackDraft,
  now: number,
): Promise<Observation> {
  const { group } = news;
  const { signal } = context.invocation;
  const ids = group.members.map(({ instanceId }) => instanceId);
  const [instances, activities, floor] = await Promise.all([
    describeInstances(ids, signal),
    // Events can be lost, so a sweep looks for failures itself.
    news.isSweep ? readFailedLaunches(group.name, signal) : [],
    readFloor(context, news, record),
  ]);
  const onDemand = [...instances.values()].filter(({ isSpot }) => !isSpot);
  const onDemandIds = new Set(onDemand.map(({ instanceId }) => instanceId));
  const capacity = capacityOf(group, onDemandIds, interruptedInstances(record, now));
  const failedLaunches = activities.map(({ message, at }) => toFailedLaunch(message, at));
  return { group, capacity, failures: [...news.failures, ...failedLaunches], floor, now };
}

/** The floor matters only on the way back. */
async function readFloor(
  context: FallBackContext,
  { group }: GroupNews,
  record: FallBackDraft,
): Promise<number> {
  const { floor, hasReservedFloor } = context.config;
  const tag = Number(group.tags[fallBackTags.floor]);
  const own = Number.isInteger(tag) && tag >= 0 ? tag : floor;
  if (!hasReservedFloor || !record.fallBack) return own;
  return Math.max(own, await readReservedFloor(group, context.invocation.signal));
}
