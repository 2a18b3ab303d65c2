import type { Mapping } from '../../json.ts';
import { defineStandIn, type StandInContext } from '../emulated-service.ts';
import { ServiceError } from '../response.ts';
import type { Answer } from '../types.ts';

/** moto would run a function in a container: this hands it to the functions of the template. */
export default defineStandIn({ service: 'lambda', operations: { Invoke: invoke } });

async function invoke(input: Mapping, context: StandInContext): Promise<Answer> {
  const { FunctionName: name, InvocationType: type = 'RequestResponse', Payload: text } = input;
  const payload = parse(text);
  switch (type) {
    case 'DryRun':
      return answer(204, '');
    case 'Event':
      context.invokeAsync(String(name), payload);
      return answer(202, '');
    case 'RequestResponse': {
      const invoked = await context.invoke(String(name), payload);
      if (invoked.ok) return answer(200, invoked.payload);
      return answer(200, JSON.stringify(invoked.error), { 'x-amz-function-error': 'Unhandled' });
    }
    default:
      throw new ServiceError('InvalidParameterValueException', `InvocationType ${type} is none.`);
  }
}

function parse(text: unknown): unknown {
  if (text === undefined || text === '') return {};
  try {
    return JSON.parse(String(text));
  } catch (cause) {
    const message = `Could not parse request body into json: ${cause instanceof Error ? cause.message : cause}`;
    throw new ServiceError('InvalidRequestContentException', message);
  }
}

function answer(status: number, body: string, headers: Answer['headers'] = {}): Answer {
  const version = { 'x-amz-executed-version': '$LATEST', 'content-type': 'application/json' };
  return { status, headers: { ...version, ...headers }, body: Buffer.from(body) };
}
