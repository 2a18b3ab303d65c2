import { scheduledEvent } from '#shared/events/schedule.ts';
import { parseAs } from '#shared/parse.ts';

/** The schedule. Its event carries nothing: each run reads every open request. @throws InvalidInputError */
export function parseSweepEvent(event: unknown): void {
  parseAs(scheduledEvent, event, 'event');
}
