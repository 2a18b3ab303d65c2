import type { Calendar, SsmState } from '../account/services/ssm.ts';
import type { World } from './scenario.ts';

/** Keeps a change calendar under a name or an ARN; from `next` on it is the other way round. */
export function setCalendar(world: World, name: string, calendar: Calendar): void {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the stand-in made it
  (world.stateOf('ssm') as SsmState).calendars.set(name, calendar);
}
