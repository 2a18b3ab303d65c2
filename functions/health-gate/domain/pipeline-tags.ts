// The tags with which the owner of a pipeline opts in; the value is `true`.

/** To let a stopped deployment be resumed. */
export const RESUME_TAG = 'groundcrew:resume';

/** To be notified about incidents that begin after a deployment has passed the gate. */
export const NOTIFY_TAG = 'groundcrew:notify-passed';

/** To let the transition into a gated stage be disabled during an incident. */
export const TRANSITION_TAG = 'groundcrew:disable-transition';

export function hasTag(tags: ReadonlyMap<string, string>, name: string): boolean {
  return tags.get(name) === 'true';
}
