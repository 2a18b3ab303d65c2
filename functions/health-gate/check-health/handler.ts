import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { httpHandler } from '#shared/handlers/http.ts';
import type { Handler } from '#shared/handlers/lambda.ts';
import { readGateConfig } from '../config.ts';
import { checkHealth } from './check-health.ts';
import { isHttpEvent } from './event.ts';
import { answerRequest } from './http.ts';

const answerCall = asyncInvocationHandler({
  parse: (event) => event,
  handle: (event, invocation) => checkHealth(event, readGateConfig(), invocation),
});

const answerUrl = httpHandler({
  handle: (request, invocation) => answerRequest(request, readGateConfig(), invocation),
});

/** A direct call, or a request to the function URL. */
export const handler: Handler = (event, context) =>
  isHttpEvent(event) ? answerUrl(event, context) : answerCall(event, context);
