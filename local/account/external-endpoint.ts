import { type Moto, resetRequest } from './moto/process.ts';
import { createForwarder } from './proxy.ts';
import type { RawRequest } from './request.ts';
import { accountId } from './types.ts';

/** AWS_ENDPOINT_URL is not usable. The message says what to do. */
export class EndpointError extends Error {}

/**
 * Uses an account that already runs instead of our own moto. It has its own clock and lacks our corrections. It must
 * support a reset, because every scenario starts with an empty account.
 */
export async function connectToEndpoint(endpoint: string): Promise<Moto> {
  const base = parseUrl(endpoint);
  const forwarder = createForwarder(base);
  return {
    send: (request) => forwarder.send(request, withAccountId(request)),
    lastError: () => '',
    reset: async () => {
      const { status } = await forwarder.send(resetRequest).catch((cause: unknown) => {
        throw new EndpointError(`AWS_ENDPOINT_URL is ${endpoint}, where nothing answers.`, { cause });
      });
      if (status === 200) return;
      throw new EndpointError(
        `AWS_ENDPOINT_URL is ${endpoint}, which answers POST ${resetRequest.url} with status ${status}. Scenarios ` +
          'begin with an empty account. Set it to an endpoint that moto serves, or unset it.',
      );
    },
    close: async () => forwarder.close(),
  };
}

function parseUrl(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new EndpointError(`AWS_ENDPOINT_URL is ${endpoint}, which is not an http or https address`);
}

/** Some emulators read the account from the access key id, which contains the caller here. */
function withAccountId({ headers }: RawRequest): Record<string, string> {
  const { authorization } = headers;
  return authorization === undefined
    ? {}
    : { authorization: authorization.replace(/(?<=Credential=)[^/]+/, accountId) };
}
