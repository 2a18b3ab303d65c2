import * as z from 'zod/mini';
import { isRecord } from '#shared/errors.ts';
import { scheduledEvent } from '#shared/events/schedule.ts';
import { parseAs } from '#shared/parse.ts';

const call = z.strictObject({});

/**
 * The schedule, or a direct call with `{}`. Both prune every store. A call with a member is refused, because its sender
 * expects that only a part is pruned. @throws InvalidInputError with the field and its value
 */
export function parsePruneEvent(event: unknown): void {
  if (isRecord(event) && 'detail-type' in event) parseAs(scheduledEvent, event, 'event');
  else parseAs(call, event, 'call');
}
