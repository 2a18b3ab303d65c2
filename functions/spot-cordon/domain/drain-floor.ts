/**
 * Targets that may leave together. A pool is a target group or a Classic Load Balancer. Targets are named by keys.
 * Times are epoch milliseconds.
 */
export interface DrainLedger {
  /** The ARN of the target group, or the name of the Classic Load Balancer. */
  readonly pool: string;
  readonly revision: string;
  /** The most healthy targets since the first open grant. The floor is a share of it. */
  readonly baseline: number;
  readonly grants: readonly DrainGrant[];
  /** When DynamoDB may delete the record, in epoch seconds. */
  readonly deleteAt: number;
}

/** A target that may leave, or has left. */
interface DrainGrant {
  readonly key: string;
  readonly at: number;
  /** Until then the target counts as missing: its disruption is not over. */
  readonly until: number;
}

/** One instance that should leave the pool. */
export interface DrainRequest {
  readonly instanceId: string;
  readonly keys: readonly string[];
  readonly deadline?: number | undefined;
  readonly until: number;
}

export interface DrainFloorOptions {
  /** The share of the healthy targets that must remain, 0 to 1. */
  readonly share: number;
  readonly now: number;
}

export interface GrantedDrains {
  readonly ledger: Omit<DrainLedger, 'revision'>;
  readonly granted: ReadonlySet<string>;
}

/** From then on an instance goes even below the floor: its connections need the time to end. */
const LAST_SECONDS_MS = 35_000;
/** Elastic Load Balancing may list a target as healthy for some seconds after it was deregistered. */
const IN_FLIGHT_MS = 60_000;

/** Whether the deadline is so near that the floor gives way. The last healthy target always stays. */
function isInLastSeconds(deadline: number | undefined, now: number): boolean {
  return deadline !== undefined && deadline - now <= LAST_SECONDS_MS;
}

/**
 * Decides which instances may leave a pool now, the earliest deadlines first. At least the share of the healthy targets
 * remains; in an instance's last seconds, at least one. Grants of earlier invocations count, so that concurrent ones
 * cannot empty a pool together.
 */
export function grantDrains(
  known: Omit<DrainLedger, 'revision'> | undefined,
  pool: { readonly name: string; readonly healthy: ReadonlySet<string> },
  requests: readonly DrainRequest[],
  { share, now }: DrainFloorOptions,
): GrantedDrains {
  const open = (known?.grants ?? []).filter(({ until }) => until > now);
  const inFlight = new Set(open.filter(({ at }) => now - at < IN_FLIGHT_MS).map(({ key }) => key));
  const baseline = Math.max(open.length > 0 ? (known?.baseline ?? 0) : 0, pool.healthy.size);
  const floor = Math.max(1, Math.ceil(baseline * share));
  let remaining = [...pool.healthy].filter((key) => !inFlight.has(key)).length;
  const granted = new Map<string, DrainRequest>();
  for (const request of requests.toSorted(byUrgency)) {
    const healthyCount = request.keys.filter((key) => pool.healthy.has(key) && !inFlight.has(key)).length;
    const least = isInLastSeconds(request.deadline, now) ? 1 : floor;
    // An unhealthy target, or one that was granted before, leaves no fewer healthy ones.
    if (healthyCount > 0 && remaining - healthyCount < least) continue;
    remaining -= healthyCount;
    granted.set(request.instanceId, request);
  }
  const grants = mergeGrants(open, [...granted.values()], now);
  return { ledger: toLedger(pool.name, baseline, grants), granted: new Set(granted.keys()) };
}

function byUrgency(a: DrainRequest, b: DrainRequest): number {
  const difference = (a.deadline ?? Number.MAX_SAFE_INTEGER) - (b.deadline ?? Number.MAX_SAFE_INTEGER);
  return difference || a.instanceId.localeCompare(b.instanceId);
}

/** A repeated grant keeps its time, so that repeated deliveries do not extend it. */
function mergeGrants(
  open: readonly DrainGrant[],
  granted: readonly DrainRequest[],
  now: number,
): readonly DrainGrant[] {
  const byKey = new Map(open.map((grant) => [grant.key, grant]));
  for (const { keys, until } of granted) {
    for (const key of keys) {
      const before = byKey.get(key);
      const isCurrent = before !== undefined && now - before.at < IN_FLIGHT_MS;
      byKey.set(key, { key, at: isCurrent ? before.at : now, until });
    }
  }
  return [...byKey.values()];
}

function toLedger(
  pool: string,
  baseline: number,
  grants: readonly DrainGrant[],
): Omit<DrainLedger, 'revision'> {
  const lastUntil = Math.max(0, ...grants.map(({ until }) => until));
  return { pool, baseline, grants, deleteAt: Math.ceil(lastUntil / 1000) };
}
