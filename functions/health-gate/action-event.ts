import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { parseAs } from '#shared/parse.ts';

/** A Lambda action that has ended; most are not gates. `time` is in epoch milliseconds. */
export interface EndedAction {
  readonly account: string;
  readonly region: string;
  readonly time: number;
  readonly pipelineArn: string;
  readonly pipeline: string;
  readonly stage: string;
  readonly action: string;
  readonly executionId: string;
  readonly actionExecutionId: string;
  /** The two places of a gate's marker. AWS does not guarantee them for Lambda actions. */
  readonly externalId?: string | undefined;
  readonly summary?: string | undefined;
}

const name = z.string().check(z.regex(/^[A-Za-z0-9.@\-_]{1,100}$/));
const text = z.string().check(z.minLength(1));

const endedAction = eventBridgeEvent(
  z.object({
    pipeline: name,
    'execution-id': text,
    stage: name,
    action: name,
    'action-execution-id': text,
    state: z.enum(['FAILED', 'SUCCEEDED']),
    'execution-result': z.nullish(
      z.object({
        'external-execution-id': z.nullish(z.string()),
        'external-execution-summary': z.nullish(z.string()),
      }),
    ),
  }),
);

/** @throws InvalidInputError with the field and its value */
export function parseEndedAction(body: unknown, state: 'FAILED' | 'SUCCEEDED'): EndedAction {
  const { account, detail, region, resources, time } = parseAs(endedAction, body, 'event');
  const [pipelineArn] = resources;
  if (!pipelineArn) throw new InvalidInputError('event: resources must contain the pipeline, got none');
  if (detail.state !== state)
    throw new InvalidInputError(`event: detail.state must be "${state}", got "${detail.state}"`);
  const result = detail['execution-result'];
  return {
    account,
    region,
    time: Date.parse(time),
    pipelineArn,
    pipeline: detail.pipeline,
    stage: detail.stage,
    action: detail.action,
    executionId: detail['execution-id'],
    actionExecutionId: detail['action-execution-id'],
    externalId: result?.['external-execution-id'] ?? undefined,
    summary: result?.['external-execution-summary'] ?? undefined,
  };
}
