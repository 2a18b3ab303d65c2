/** The event of the schedule and the payload of a direct call carry nothing: each run prunes every store. */
export function parsePruneEvent(): undefined {
  return undefined;
}
