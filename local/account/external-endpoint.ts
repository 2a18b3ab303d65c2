import { type Moto, resetRequest } from './moto/process.ts';
import { forwardTo } from './proxy.ts';
import type { RawRequest } from './request.ts';
import { accountId } from './types.ts';

/** An endpoint that somebody named and that will not do; its message says what to do. */
export class EndpointRefused extends Error {}

/**
 * An account that somebody else runs, in moto's place. It keeps its own time, and answers without this project's
 * corrections of moto. It must be one that can be emptied: every scenario begins with an empty account, and deleting
 * piece by piece what lies there would be guesswork in an account that is not ours.
 */
export async function openEndpoint(endpoint: string): Promise<Moto> {
  const base = readUrl(endpoint);
  const forwarder = forwardTo(base);
  return {
    send: (request) => forwarder.send(request, named(request)),
    complaint: () => '',
    reset: async () => {
      const { status } = await forwarder.send(resetRequest).catch((cause: unknown) => {
        throw new EndpointRefused(`AWS_ENDPOINT_URL is ${endpoint}, where nothing answers.`, { cause });
      });
      if (status === 200) return;
      throw new EndpointRefused(
        `AWS_ENDPOINT_URL is ${endpoint}, which answers POST ${resetRequest.url} with status ${status}. Scenarios ` +
          'begin with an empty account: name an endpoint that moto serves, or none.',
      );
    },
    close: async () => forwarder.close(),
  };
}

function readUrl(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new EndpointRefused(`AWS_ENDPOINT_URL is ${endpoint}, which is no http or https address`);
}

/** Some stand-ins for AWS take the account from the access key id, which here says who calls. */
function named({ headers }: RawRequest): Record<string, string> {
  const { authorization } = headers;
  return authorization === undefined
    ? {}
    : { authorization: authorization.replace(/(?<=Credential=)[^/]+/, accountId) };
}
