import * as z from 'zod/mini';
import { isRecord } from '#shared/errors.ts';
import { parseAs } from '#shared/parse.ts';
import { BUILD_ARN } from '../domain/image-build.ts';
import type { Intervention } from '../domain/intervention.ts';
import { toSingleLine } from '../domain/plain-text.ts';
import { STEP_EXECUTION_ID } from '../domain/workflow-step.ts';
import { type DueDetail, parseDueEvent } from '../messages/events.ts';

/** What starts ExecuteApproval: an event of the wing, or a direct call of a person who intervenes. */
export type ExecuteEvent = DueDetail | InterventionCall;

export interface InterventionCall {
  readonly imageArn: string;
  readonly stepExecutionId?: string;
  readonly intervention: Intervention;
}

const personalText = z.string().check(z.minLength(3), z.maxLength(500));
const request = {
  imageArn: z.string().check(z.regex(BUILD_ARN)),
  stepExecutionId: z.optional(z.string().check(z.regex(STEP_EXECUTION_ID))),
  who: personalText,
  why: personalText,
};

/** EventBridge cannot deliver this form: its events have other members on the first level. */
const call = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('cancel'), ...request }),
  z.strictObject({ action: z.literal('revoke-links'), approver: personalText, ...request }),
]);

/** @throws InvalidInputError */
export function parseExecuteEvent(event: unknown): ExecuteEvent {
  if (!isRecord(event) || !('action' in event)) return parseDueEvent(event);
  const parsed = parseAs(call, event, 'event');
  const { imageArn, stepExecutionId } = parsed;
  const person = { who: toSingleLine(parsed.who, 500), why: toSingleLine(parsed.why, 500) };
  return {
    imageArn,
    ...(stepExecutionId !== undefined && { stepExecutionId }),
    intervention:
      parsed.action === 'cancel'
        ? { kind: 'cancel', ...person }
        : { kind: 'revoke links', approver: parsed.approver, ...person },
  };
}
