/** What Auto Scaling asks a termination policy function. */
export interface TerminationRequest {
  readonly group: string;
  /** `SCALE_IN`, `INSTANCE_REFRESH`, `MAX_INSTANCE_LIFETIME` or `REBALANCE`. */
  readonly cause: string;
  readonly capacity: readonly WantedCapacity[];
  /** Auto Scaling suggests these. Those with scale-in protection are not among them. */
  readonly candidates: readonly Candidate[];
}

/** So many instances of a zone and market. The same zone and market may occur more than once. */
export interface WantedCapacity {
  readonly zone: string;
  readonly market: string;
  readonly count: number;
}

export interface Candidate {
  readonly instanceId: string;
  readonly zone: string;
  readonly market: string;
}

export function poolOf({ zone, market }: Pick<Candidate, 'zone' | 'market'>): string {
  return `${zone}/${market}`;
}

/** How many instances are wanted, by zone and market. */
export function wantedByPool(capacity: readonly WantedCapacity[]): ReadonlyMap<string, number> {
  const wanted = new Map<string, number>();
  for (const one of capacity) wanted.set(poolOf(one), (wanted.get(poolOf(one)) ?? 0) + one.count);
  return wanted;
}
