/** How an Auto Scaling group divides its capacity between On-Demand and Spot. Capacity is in the units of the group. */
export interface Distribution {
  /** OnDemandBaseCapacity. */
  readonly base: number;
  /** OnDemandPercentageAboveBaseCapacity. */
  readonly percentage: number;
  /** The whole distribution as it was read: members that an update leaves out take their defaults. */
  readonly members: Readonly<Record<string, unknown>>;
}

/** The defaults are those of the API reference: without a percentage, everything is On-Demand. */
export function toDistribution(members: Readonly<Record<string, unknown>>): Distribution {
  const { OnDemandBaseCapacity: base, OnDemandPercentageAboveBaseCapacity: percentage } = members;
  return {
    base: typeof base === 'number' ? base : 0,
    percentage: typeof percentage === 'number' ? percentage : 100,
    members,
  };
}

export function withBase(members: Distribution['members'], base: number): Distribution['members'] {
  return { ...members, OnDemandBaseCapacity: base };
}

/** The part of the desired capacity that is to be Spot. Auto Scaling rounds the On-Demand part up. */
export function spotTarget(desired: number, { base, percentage }: Pick<Distribution, 'base' | 'percentage'>) {
  const aboveBase = Math.max(0, desired - base);
  return aboveBase - Math.ceil((aboveBase * percentage) / 100);
}

/** The smallest base, at least the present one, at which the group asks for no more Spot than there is. */
export function baseFor(
  desired: number,
  { base, percentage }: Pick<Distribution, 'base' | 'percentage'>,
  spotCapacity: number,
): number {
  let next = base;
  while (next < desired && spotTarget(desired, { base: next, percentage }) > spotCapacity) next += 1;
  return next;
}

/** Whether two distributions differ at most in their base. */
export function isSameExceptBase(a: Distribution['members'], b: Distribution['members']): boolean {
  return canonical(withBase(a, 0)) === canonical(withBase(b, 0));
}

function canonical(members: Distribution['members']): string {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return JSON.stringify(entries.toSorted(([a], [b]) => a.localeCompare(b)));
}
