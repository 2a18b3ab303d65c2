import { InvalidInputError } from '#shared/errors.ts';
import type { HttpRequest } from '#shared/events/http.ts';
import type { HttpResponse } from '#shared/handlers/http.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { GateConfig } from '../config.ts';
import { checkHealth } from './check-health.ts';
import { parseBody } from './event.ts';
import { type HealthAnswer, toRefusal } from './health-answer.ts';

/** Answers a POST whose body is a policy. An invalid policy is answered with 400 and the same members. */
export async function answerRequest(
  { body, method }: HttpRequest,
  config: GateConfig,
  invocation: Invocation,
): Promise<HttpResponse> {
  if (method !== 'POST') return { status: 405, body: 'Use POST.\n', headers: { allow: 'POST' } };
  const question = parseBody(body.trim());
  const answer =
    question instanceof InvalidInputError
      ? toRefusal(question.message)
      : await checkHealth(question, config, invocation);
  return toResponse(answer);
}

function toResponse(answer: HealthAnswer): HttpResponse {
  return {
    status: answer.error === undefined || answer.deploy ? 200 : 400,
    body: `${JSON.stringify(answer)}\n`,
    headers: { 'content-type': 'application/json' },
  };
}
