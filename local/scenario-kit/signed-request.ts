import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { accessKeyFor } from '../account/account.ts';
import type { World } from './world.ts';

/** A request as the SDK passes it to its HTTP handler. */
interface SignedRequest {
  method: string;
  path: string;
  readonly headers: Record<string, string>;
  body: unknown;
}

class Signed extends Error {}

/** Signs a POST for Lambda with the signer of AWS's SDK, as `curl --aws-sigv4` does. @returns what fetch needs */
export async function signRequest(world: World, url: string, body: string): Promise<RequestInit> {
  const { origin, pathname } = new URL(url);
  let signed: SignedRequest | undefined;
  const client = new LambdaClient({
    endpoint: origin,
    region: world.region,
    credentials: { accessKeyId: accessKeyFor('local'), secretAccessKey: 'local' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: unknown) => {
        signed = toSignedRequest(request);
        throw new Signed('signed, and sent by somebody else');
      },
    },
  });
  client.middlewareStack.add(
    (next) => async (args) => {
      Object.assign(toSignedRequest(args.request), { method: 'POST', path: pathname, body });
      return next(args);
    },
    { step: 'build', priority: 'high' },
  );
  await client.send(new InvokeCommand({ FunctionName: 'any' })).catch((error: unknown) => {
    if (!(error instanceof Signed)) throw error;
  });
  if (!signed) throw new Error('the SDK has signed no request');
  const { host: _, 'content-length': __, ...headers } = signed.headers;
  return { method: 'POST', headers, body };
}

function toSignedRequest(request: unknown): SignedRequest {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the SDK's HTTP handlers get a request of this form
  return request as SignedRequest;
}
