import type { MixedGroup } from './mixed-group.ts';

/** Regional Reserved Instances: how much of a family they cover, in normalized units. */
export interface Reservation {
  readonly instanceType: string;
  readonly count: number;
}

/** Amazon EC2 User Guide, "How Reserved Instances are applied": the factor of each size. */
const SMALL_FACTORS: Readonly<Record<string, number>> = {
  nano: 0.25,
  micro: 0.5,
  small: 1,
  medium: 2,
  large: 4,
  xlarge: 8,
};

/** The same page: families to whose sizes a reservation does not apply flexibly. */
const INFLEXIBLE = /^(g4ad|g4dn|g5g?|g6e?f?|gr6f?|hpc\w*|inf1|inf2|p[0-9]\w*|trn1n?|u-\w+|u7\w*|dl1|vt1)$/;

/** @returns undefined for a size without a factor, such as metal */
export function normalizedUnits(instanceType: string): number | undefined {
  const [, size = ''] = instanceType.split('.');
  const times = /^(\d+)xlarge$/.exec(size)?.[1];
  return times === undefined ? SMALL_FACTORS[size] : Number(times) * 8;
}

/** Reservations apply to what counts alike: a family, or a single type. */
export function poolOf(instanceType: string): string {
  const [family = ''] = instanceType.split('.');
  const isFlexible = normalizedUnits(instanceType) !== undefined && !INFLEXIBLE.test(family);
  return isFlexible ? family : instanceType;
}

function unitsOf(instanceType: string): number {
  return poolOf(instanceType) === instanceType ? 1 : (normalizedUnits(instanceType) ?? 1);
}

/** In the units of the group. @param running as for reservedInstances */
export function reservedFloor(
  { kinds }: Pick<MixedGroup, 'kinds'>,
  reservations: readonly Reservation[],
  running: readonly string[],
): number {
  const types = kinds.map(({ instanceType }) => instanceType);
  const lightest = Math.min(...kinds.map(({ weight }) => weight));
  return kinds.length === 0 ? 0 : reservedInstances(reservations, running, types) * lightest;
}

/**
 * How many instances of the group the reservations pay for that no other On-Demand instance uses. With several types in
 * a family the largest counts, so the floor is rather too low.
 *
 * @param running the types of the On-Demand instances that run outside of the group
 */
export function reservedInstances(
  reservations: readonly Reservation[],
  running: readonly string[],
  groupTypes: readonly string[],
): number {
  const pools = Map.groupBy(groupTypes, poolOf);
  return [...pools].reduce((sum, [pool, types]) => {
    const reserved = reservations
      .filter(({ instanceType }) => poolOf(instanceType) === pool)
      .reduce((units, { count, instanceType }) => units + count * unitsOf(instanceType), 0);
    const used = running
      .filter((type) => poolOf(type) === pool)
      .reduce((units, type) => units + unitsOf(type), 0);
    const largest = Math.max(...types.map(unitsOf));
    return sum + Math.floor(Math.max(0, reserved - used) / largest);
  }, 0);
}
