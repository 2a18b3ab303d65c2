import type { IncomingHttpHeaders } from 'node:http';
import { isMapping, type Mapping } from '../json.ts';
import { authorizationFor, callerOf, type FindCaller } from './caller.ts';
import { matchRoute } from './rest-routes.ts';
import { type Caller, region } from './types.ts';

type Protocol = 'json' | 'query' | 'ec2' | 'rest' | 'rest-xml';

export interface RawRequest {
  readonly method: string;
  /** The path with its query string. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request to an AWS API. `service` is the IAM prefix. `input` is decoded at its first read. */
export interface ApiRequest extends RawRequest {
  readonly caller: Caller;
  /** The Region that the request was signed for. */
  readonly region: string;
  readonly service: string;
  readonly action: string;
  readonly protocol: Protocol;
  readonly input: Mapping;
}

/** Signing names that differ from the IAM prefix. */
const iamPrefixes: Readonly<Record<string, string>> = { monitoring: 'cloudwatch', email: 'ses' };

/** Returns undefined if no AWS client signed the request, except for the links that SNS puts into mails. */
export function decodeRequest(raw: RawRequest, findCaller?: FindCaller): ApiRequest | undefined {
  const [, accessKey, signedRegion, signingName] =
    /Credential=([^/,\s]+)\/[^/]+\/([^/]+)\/([^/]+)\/aws4_request/.exec(raw.headers.authorization ?? '') ??
    [];
  if (accessKey === undefined || signedRegion === undefined || signingName === undefined)
    return decodeMailLink(raw);
  const service = iamPrefixes[signingName] ?? signingName;
  const { action, protocol, decode } = decodeOperation(raw, service);
  return {
    ...raw,
    caller: callerOf(accessKey, findCaller),
    region: signedRegion,
    service,
    action,
    protocol,
    ...lazyInput(decode),
  };
}

const apiVersions: Readonly<Record<string, string>> = { ec2: '2016-11-15', autoscaling: '2011-01-01' };

/** A request of the query protocol, as a client of the account's own services would sign it. */
export function queryRequest(service: string, form: Readonly<Record<string, string>>): RawRequest {
  const body = new URLSearchParams({ Version: apiVersions[service] ?? '', ...form });
  return {
    method: 'POST',
    url: '/',
    headers: {
      host: `${service}.${region}.amazonaws.com`,
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      authorization: authorizationFor('local', region, service),
    },
    body: Buffer.from(body.toString()),
  };
}

function decodeMailLink(raw: RawRequest): ApiRequest | undefined {
  const { pathname, searchParams } = new URL(raw.url, 'http://localhost');
  const action = searchParams.get('Action') ?? '';
  const isLink = raw.method === 'GET' && pathname === '/';
  if (!isLink || !['ConfirmSubscription', 'Unsubscribe'].includes(action)) return undefined;
  const caller: Caller = { function: 'local', process: 0, isAnonymous: true };
  const known = { caller, region, service: 'sns', action, protocol: 'query' } as const;
  return { ...raw, ...known, ...lazyInput(() => decodeForm(searchParams)) };
}

interface DecodedOperation {
  readonly action: string;
  readonly protocol: Protocol;
  readonly decode: () => Mapping;
}

function decodeOperation(raw: RawRequest, service: string): DecodedOperation {
  const target = raw.headers['x-amz-target'];
  if (typeof target === 'string') {
    const action = target.slice(target.lastIndexOf('.') + 1);
    return { action, protocol: 'json', decode: () => decodeJson(raw.body) };
  }
  if (raw.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    const form = new URLSearchParams(raw.body.toString());
    const action = form.get('Action') ?? '';
    return { action, protocol: service === 'ec2' ? 'ec2' : 'query', decode: () => decodeForm(form) };
  }
  const { action, members, payload } = matchRoute(service, raw.method, raw.url, raw.headers);
  // Bodies of S3 requests are object data, or XML that we do not need.
  if (service === 's3') return { action, protocol: 'rest-xml', decode: () => members };
  const decodeBody = (): Mapping => (payload ? { [payload]: raw.body.toString() } : decodeJson(raw.body));
  return { action, protocol: 'rest', decode: () => ({ ...members, ...decodeBody() }) };
}

/** Most requests are forwarded to moto unchanged, so decoding every request would slow the account down. */
function lazyInput(decode: () => Mapping): Pick<ApiRequest, 'input'> {
  let input: Mapping | undefined;
  return {
    get input(): Mapping {
      input ??= decode();
      return input;
    },
  };
}

function decodeJson(body: Buffer): Mapping {
  const value: unknown = body.length === 0 ? {} : JSON.parse(body.toString());
  return isMapping(value) ? value : {};
}

/** Decodes `Tags.member.1.Key=a` and EC2's `Tag.1.Key=a` to `{ Tags: [{ Key: 'a' }] }`. Values stay strings. */
export function decodeForm(form: URLSearchParams): Mapping {
  const root: FormNode = new Map();
  for (const [path, value] of form) {
    if (path === 'Action' || path === 'Version') continue;
    const keys = path.split('.').filter((key) => key !== 'member' && key !== 'entry');
    insertValue(root, keys, value);
  }
  return Object.fromEntries([...root].map(([key, node]) => [key, toValue(node)]));
}

type FormNode = Map<string, FormNode | string>;

function insertValue(node: FormNode, [key, ...rest]: readonly string[], value: string): void {
  if (key === undefined) return;
  if (rest.length === 0) {
    node.set(key, value);
    return;
  }
  const known = node.get(key);
  const child: FormNode = known instanceof Map ? known : new Map();
  node.set(key, child);
  insertValue(child, rest, value);
}

function toValue(node: FormNode | string): unknown {
  if (typeof node === 'string') return node;
  const keys = [...node.keys()];
  const isList = keys.every((key) => /^\d+$/.test(key));
  const entries = [...node].map(([key, child]) => [key, toValue(child)] as const);
  if (!isList) return Object.fromEntries(entries);
  return entries.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value);
}
