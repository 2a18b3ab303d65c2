import * as z from 'zod/mini';
import { isRecord } from '#shared/errors.ts';
import { scheduledEvent } from '#shared/events/schedule.ts';
import { parseAs } from '#shared/parse.ts';
import { buildId } from '../domain/names.ts';

const request = z.strictObject({ buildId });
/** Undefined: continue every open restore. */
export type RestoreRequest = z.output<typeof request> | undefined;

/** @throws InvalidInputError with the field and its value */
export function parseRestoreRequest(event: unknown): RestoreRequest {
  if (isRecord(event) && 'detail-type' in event) {
    parseAs(scheduledEvent, event, 'event');
    return undefined;
  }
  return parseAs(request, event, 'request');
}
