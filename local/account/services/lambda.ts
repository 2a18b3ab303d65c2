import type { Mapping } from '../../json.ts';
import { defineEmulatedService, type ServiceContext } from '../emulated-service.ts';
import { ServiceError } from '../response.ts';
import type { HttpResponse } from '../types.ts';

/** moto would run functions in containers. Here the functions of the template run as processes. */
export default defineEmulatedService({ service: 'lambda', operations: { Invoke: invoke } });

async function invoke(input: Mapping, context: ServiceContext): Promise<HttpResponse> {
  const { FunctionName: name, InvocationType: type = 'RequestResponse', Payload: text } = input;
  const payload = parsePayload(text);
  switch (type) {
    case 'DryRun':
      return toResponse(204, '');
    case 'Event':
      context.invokeAsync(String(name), payload);
      return toResponse(202, '');
    case 'RequestResponse': {
      const invoked = await context.invoke(String(name), payload);
      if (invoked.ok) return toResponse(200, invoked.payload);
      return toResponse(200, JSON.stringify(invoked.error), { 'x-amz-function-error': 'Unhandled' });
    }
    default:
      throw new ServiceError(
        'InvalidParameterValueException',
        `InvocationType: expected RequestResponse, Event or DryRun, got ${type}.`,
      );
  }
}

function parsePayload(text: unknown): unknown {
  if (text === undefined || text === '') return {};
  try {
    return JSON.parse(String(text));
  } catch (cause) {
    const message = `Could not parse request body into json: ${cause instanceof Error ? cause.message : cause}`;
    throw new ServiceError('InvalidRequestContentException', message);
  }
}

function toResponse(status: number, body: string, headers: HttpResponse['headers'] = {}): HttpResponse {
  const version = { 'x-amz-executed-version': '$LATEST', 'content-type': 'application/json' };
  return { status, headers: { ...version, ...headers }, body: Buffer.from(body) };
}
