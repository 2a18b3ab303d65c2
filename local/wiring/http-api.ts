import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { mapping } from '../json.ts';
import type { Invoked } from '../runtime/sandbox.ts';
import type { Resource, Stack } from '../stack/stack.ts';
import { mapValues, toEvent, write } from './http-event.ts';

export interface HttpOptions {
  readonly stack: Stack;
  readonly clock: Clock;
  readonly invoke: (functionId: string, payload: unknown) => Promise<Invoked>;
}

export interface HttpApi {
  readonly routes: readonly string[];
  /** Answers a request that a route takes; false when none does. */
  answer(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<boolean>;
}

interface Route {
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly pattern: RegExp;
  readonly functionId: string;
}

interface Taken extends Route {
  readonly parameters: Readonly<Record<string, string>>;
}

/** The template's HTTP APIs, all on one port. */
export function createHttpApi({ stack, clock, invoke }: HttpOptions): HttpApi {
  const routes = stack
    .ofType('AWS::ApiGatewayV2::Api')
    .flatMap((api) => readRoutes(api, stack))
    .sort(mostExactFirst);
  return {
    routes: routes.map(({ key }) => key),
    answer: async (request, body, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const route = routes
        .map((one) => take(one, request.method ?? 'GET', url))
        .find((one) => one !== undefined);
      if (!route) return false;
      const invoked = await invoke(
        route.functionId,
        toEvent({ route, request, body, now: clock.now(), accountId: stack.names.accountId }),
      );
      write(response, invoked);
      return true;
    },
  };
}

function readRoutes({ id, properties }: Resource, stack: Stack): readonly Route[] {
  const paths = mapping(mapping(properties.Body).paths);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(mapping(methods)).map(([method, operation]) => {
      const { uri } = mapping(mapping(operation)['x-amazon-apigateway-integration']);
      return { ...readPath(method, path), functionId: functionOf(id, String(uri), stack) };
    }),
  );
}

function readPath(method: string, path: string): Omit<Route, 'functionId'> {
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

/** API Gateway prefers the most specific route, and a method of its own to ANY. */
function mostExactFirst(a: Route, b: Route): number {
  return rank(a) - rank(b);
}

function rank({ key, method, path }: Route): number {
  const place = key === '$default' ? 6 : path.includes('+}') ? 4 : path.includes('{') ? 2 : 0;
  return place + (method === 'ANY' ? 1 : 0);
}

function functionOf(id: string, uri: string, stack: Stack): string {
  const [, arn = ''] = /\/functions\/(arn:.+)\/invocations$/.exec(uri) ?? [undefined, uri];
  const lambda = stack.findByArn(arn);
  if (lambda) return lambda.id;
  throw new Error(`${id} integrates ${uri}, which is no function of the template`);
}

function take(route: Route, method: string, url: URL): Taken | undefined {
  if (route.method !== 'ANY' && route.method !== method) return undefined;
  const match = route.pattern.exec(url.pathname);
  return match ? { ...route, parameters: mapValues(match.groups ?? {}, decodeURIComponent) } : undefined;
}
