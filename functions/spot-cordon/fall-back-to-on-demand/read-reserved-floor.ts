import { readReservations, readRunningTypes } from '../aws/reserved-instances.ts';
import type { MixedGroup } from '../domain/mixed-group.ts';
import { reservedFloor } from '../domain/reserved-floor.ts';

/** The On-Demand capacity of the group that Reserved Instances pay for anyway. */
export async function readReservedFloor(group: MixedGroup, signal: AbortSignal): Promise<number> {
  const own = new Set(group.members.map(({ instanceId }) => instanceId));
  const reservations = await readReservations(signal);
  if (reservations.length === 0) return 0;
  return reservedFloor(group, reservations, await readRunningTypes(own, signal));
}
