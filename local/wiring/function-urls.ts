import type { IncomingMessage, ServerResponse } from 'node:http';
import { functionUrlPath } from '../stack/resource-types.ts';
import type { Resource, Stack } from '../stack/stack.ts';
import type { HttpApi, HttpApiOptions } from './http-api.ts';
import { toHttpEvent, writeResponse } from './http-event.ts';
import { verifySignature } from './request-signature.ts';

interface FunctionUrl {
  readonly prefix: string;
  readonly functionId: string;
  readonly needsSignature: boolean;
}

/** The function URLs of the template. With AuthType AWS_IAM, Lambda answers only signed requests. */
export function createFunctionUrls({ stack, clock, invoke }: HttpApiOptions): HttpApi {
  const urls = stack.ofType('AWS::Lambda::Url').map((url) => toFunctionUrl(url, stack));
  return {
    routes: urls.map(({ prefix }) => `ANY ${prefix}`),
    handle: async (request, body, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      const url = urls.find(({ prefix }) => pathname.startsWith(prefix));
      if (!url) return false;
      const { accountId, region } = stack.names;
      const accessKey = url.needsSignature ? verifySignature(request, body, region) : undefined;
      if (url.needsSignature && accessKey === undefined) {
        refuse(response);
        return true;
      }
      const event = toHttpEvent({
        ...{ request, body, accountId, now: clock.now() },
        route: { key: '$default', parameters: {} },
        path: pathname.slice(url.prefix.length - 1),
        ...(accessKey !== undefined && { authorizer: authorizerOf(accessKey, accountId) }),
      });
      writeResponse(response, await invoke(url.functionId, event));
      return true;
    },
  };
}

function toFunctionUrl({ id, properties }: Resource, stack: Stack): FunctionUrl {
  const target = stack.findByArn(String(properties.TargetFunctionArn));
  if (target?.type !== 'AWS::Lambda::Function')
    throw new Error(
      `${id} points at ${properties.TargetFunctionArn}, which is not a function of the template`,
    );
  return {
    prefix: functionUrlPath(id),
    functionId: target.id,
    needsSignature: properties.AuthType === 'AWS_IAM',
  };
}

function authorizerOf(accessKey: string, accountId: string): object {
  const userArn = `arn:aws:iam::${accountId}:user/local`;
  return {
    iam: { accessKey, accountId, callerId: 'LOCAL', cognitoIdentity: null, userArn, userId: 'LOCAL' },
  };
}

function refuse(response: ServerResponse<IncomingMessage>): void {
  response.writeHead(403, {
    'content-type': 'application/json',
    'x-amzn-errortype': 'AccessDeniedException',
  });
  response.end('{"Message":"Forbidden"}');
}
