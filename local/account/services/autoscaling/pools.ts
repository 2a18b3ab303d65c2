import type { AutoScalingState, Market, Member, Pool } from './model.ts';

type Markets = Pick<AutoScalingState, 'groups' | 'quotas' | 'script'>;

/** How many more instances the pool can run now. */
export function freeCapacity(state: Markets, pool: Pool, now: number): number {
  const change = state.script.filter((one) => one.at <= now && matches(one.pool, pool)).at(-1);
  if (!change) return Number.POSITIVE_INFINITY;
  return Math.max(0, change.capacity - countRunning(state, pool));
}

/** How many more instances the quota of the market allows. */
export function freeQuota(state: Markets, market: Market): number {
  const quota = state.quotas[market];
  if (quota === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(0, quota - allMembers(state).filter((one) => one.market === market).length);
}

function countRunning(state: Markets, { type, zone, market }: Pool): number {
  return allMembers(state).filter((one) => one.type === type && one.zone === zone && one.market === market)
    .length;
}

function allMembers({ groups }: Markets): Member[] {
  return [...groups.values()].flatMap(({ members }) => [...members.values()]);
}

function matches(pattern: string, { type, zone, market }: Pool): boolean {
  const own = [type, zone, market];
  return pattern.split('/').every((part, i) => part === '*' || part === own[i]);
}
