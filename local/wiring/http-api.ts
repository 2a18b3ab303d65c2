import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { list, mapping } from '../json.ts';
import type { Invoked } from '../runtime/sandbox.ts';
import type { Resource, Stack } from '../stack/stack.ts';
import { mapValues, toHttpEvent, writeResponse } from './http-event.ts';
import { claimsOf, type JwtAuthorizer } from './jwt.ts';

export interface HttpApiOptions {
  readonly stack: Stack;
  readonly clock: Clock;
  readonly invoke: (functionId: string, payload: unknown) => Promise<Invoked>;
}

export interface HttpApi {
  readonly routes: readonly string[];
  /** Answers the request if a route matches it. Returns false if no route does. */
  handle(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<boolean>;
}

interface Route {
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly pattern: RegExp;
  readonly functionId: string;
  readonly authorizer: JwtAuthorizer | undefined;
}

interface MatchedRoute extends Route {
  readonly parameters: Readonly<Record<string, string>>;
}

/** The HTTP APIs of the template, all on one port. */
export function createHttpApi({ stack, clock, invoke }: HttpApiOptions): HttpApi {
  const routes = stack
    .ofType('AWS::ApiGatewayV2::Api')
    .flatMap((api) => parseRoutes(api, stack))
    .sort(bySpecificity);
  return {
    routes: routes.map(({ key }) => key),
    handle: async (request, body, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const route = routes
        .map((one) => matchRoute(one, request.method ?? 'GET', url))
        .find((one) => one !== undefined);
      if (!route) return false;
      const now = clock.now();
      const claims = route.authorizer && claimsOf(headerOf(request, route.authorizer), route.authorizer, now);
      if (route.authorizer && !claims) {
        response.writeHead(401, { 'content-type': 'application/json', 'www-authenticate': 'Bearer' });
        response.end('{"message":"Unauthorized"}');
        return true;
      }
      const invoked = await invoke(
        route.functionId,
        toHttpEvent({
          ...{ route, request, body, now, accountId: stack.names.accountId },
          ...(claims && { authorizer: { jwt: { claims, scopes: null } } }),
        }),
      );
      writeResponse(response, invoked);
      return true;
    },
  };
}

function headerOf({ headers }: IncomingMessage, { header }: JwtAuthorizer): string | undefined {
  return headers[header]?.toString();
}

function parseRoutes({ id, properties }: Resource, stack: Stack): readonly Route[] {
  const { paths, components } = mapping(properties.Body);
  const schemes = mapping(mapping(components).securitySchemes);
  return Object.entries(mapping(paths)).flatMap(([path, methods]) =>
    Object.entries(mapping(methods)).map(([method, operation]) => {
      const { security, 'x-amazon-apigateway-integration': integration } = mapping(operation);
      const functionId = findFunctionId(id, String(mapping(integration).uri), stack);
      const [scheme] = Object.keys(mapping(list(security)[0]));
      const authorizer = scheme === undefined ? undefined : parseAuthorizer(id, schemes[scheme]);
      return { ...parsePath(method, path), functionId, authorizer };
    }),
  );
}

/** Of the authorizers, only the one for JSON Web Tokens in a header. */
function parseAuthorizer(id: string, scheme: unknown): JwtAuthorizer {
  const { type, identitySource, jwtConfiguration } = mapping(
    mapping(scheme)['x-amazon-apigateway-authorizer'],
  );
  const { issuer, audience } = mapping(jwtConfiguration);
  const [, header] = /^\$request\.header\.([\w-]+)$/.exec(String(identitySource)) ?? [];
  if (type !== 'jwt' || header === undefined)
    throw new Error(`${id} has an authorizer that is not supported here: ${JSON.stringify(scheme)}`);
  return { header: header.toLowerCase(), issuer: String(issuer), audience: list(audience).map(String) };
}

function parsePath(method: string, path: string): Omit<Route, 'functionId' | 'authorizer'> {
  const verb = method === 'x-amazon-apigateway-any-method' ? 'ANY' : method.toUpperCase();
  if (path === '/$default' || path === '$default') {
    return { key: '$default', method: 'ANY', path, pattern: /^/ };
  }
  const pattern = path
    .split(/(\{[^}]+\})/)
    .map((part) => {
      const [, name, greedy] = /^\{(\w+)(\+?)\}$/.exec(part) ?? [];
      if (name === undefined) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return greedy ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`;
    })
    .join('');
  return { key: `${verb} ${path}`, method: verb, path, pattern: new RegExp(`^${pattern}$`) };
}

/** API Gateway prefers the most specific route, and a specific method to ANY. */
function bySpecificity(a: Route, b: Route): number {
  return rank(a) - rank(b);
}

function rank({ key, method, path }: Route): number {
  const place = key === '$default' ? 6 : path.includes('+}') ? 4 : path.includes('{') ? 2 : 0;
  return place + (method === 'ANY' ? 1 : 0);
}

function findFunctionId(id: string, uri: string, stack: Stack): string {
  const [, arn = ''] = /\/functions\/(arn:.+)\/invocations$/.exec(uri) ?? [undefined, uri];
  const lambda = stack.findByArn(arn);
  if (lambda) return lambda.id;
  throw new Error(`${id} integrates ${uri}, which is not a function of the template`);
}

function matchRoute(route: Route, method: string, url: URL): MatchedRoute | undefined {
  if (route.method !== 'ANY' && route.method !== method) return undefined;
  const match = route.pattern.exec(url.pathname);
  return match ? { ...route, parameters: mapValues(match.groups ?? {}, decodeURIComponent) } : undefined;
}
