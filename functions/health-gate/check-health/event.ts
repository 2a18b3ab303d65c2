import { InvalidInputError, isRecord } from '#shared/errors.ts';
import { parseJson } from '#shared/parse.ts';
import { parseParameters } from '../domain/policy.ts';
import type { GivenParameters } from '../find-policy.ts';

/** Whether the event is a request to the function URL. Anything else is a direct call: its payload is the question. */
export function isHttpEvent(event: unknown): boolean {
  return isRecord(event) && isRecord(event.requestContext);
}

/** The body of a request as the payload of a direct call has it, or why it cannot be one. */
export function parseBody(body: string): unknown {
  if (!body.startsWith('{')) return body;
  try {
    return parseJson(body, 'input');
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    throw error;
  }
}

/** The question as text, even if it is not a valid policy. */
export function textOf(question: unknown): string | undefined {
  return typeof question === 'string' ? question : JSON.stringify(question);
}

/** @throws InvalidInputError for an invalid policy */
export function parseQuestion(question: unknown): GivenParameters {
  return { text: textOf(question), parameters: parseParameters(question, 'input') };
}
