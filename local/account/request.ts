import type { IncomingHttpHeaders } from 'node:http';
import { isMapping, type Mapping } from '../json.ts';
import { callerOf, type HolderOf } from './caller.ts';
import { matchRoute } from './rest-routes.ts';
import type { Caller } from './types.ts';

export type Protocol = 'json' | 'query' | 'ec2' | 'rest' | 'rest-xml';

export interface RawRequest {
  readonly method: string;
  /** Path and query string. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request to an AWS API. `service` is the IAM prefix; `input` is decoded when first read. */
export interface ApiRequest extends RawRequest {
  readonly caller: Caller;
  /** The Region that it was signed for. */
  readonly region: string;
  readonly service: string;
  readonly action: string;
  readonly protocol: Protocol;
  readonly input: Mapping;
}

/** Signing names that differ from the prefix that IAM policies use. */
const iamPrefixes: Readonly<Record<string, string>> = { monitoring: 'cloudwatch', email: 'ses' };

/** Nothing for a request that no AWS client signed. */
export function decodeRequest(raw: RawRequest, holderOf?: HolderOf): ApiRequest | undefined {
  const [, accessKey, region, signingName] =
    /Credential=([^/,\s]+)\/[^/]+\/([^/]+)\/([^/]+)\/aws4_request/.exec(raw.headers.authorization ?? '') ??
    [];
  if (accessKey === undefined || region === undefined || signingName === undefined) return undefined;
  const service = iamPrefixes[signingName] ?? signingName;
  const { action, protocol, decode } = decodeOperation(raw, service);
  return {
    ...raw,
    caller: callerOf(accessKey, holderOf),
    region,
    service,
    action,
    protocol,
    ...lazily(decode),
  };
}

interface Operation {
  readonly action: string;
  readonly protocol: Protocol;
  readonly decode: () => Mapping;
}

function decodeOperation(raw: RawRequest, service: string): Operation {
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
  // S3's bodies are objects' bytes, or XML that nobody here reads.
  if (service === 's3') return { action, protocol: 'rest-xml', decode: () => members };
  const decodeBody = (): Mapping => (payload ? { [payload]: raw.body.toString() } : decodeJson(raw.body));
  return { action, protocol: 'rest', decode: () => ({ ...members, ...decodeBody() }) };
}

/** Most requests go on to moto as they are: decoding each of them would slow the account down. */
function lazily(decode: () => Mapping): Pick<ApiRequest, 'input'> {
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

/** `Tags.member.1.Key=a` and EC2's `Tag.1.Key=a` as `{ Tags: [{ Key: 'a' }] }`; every value stays a string. */
export function decodeForm(form: URLSearchParams): Mapping {
  const root: Node = new Map();
  for (const [path, value] of form) {
    if (path === 'Action' || path === 'Version') continue;
    const keys = path.split('.').filter((key) => key !== 'member' && key !== 'entry');
    plant(root, keys, value);
  }
  return Object.fromEntries([...root].map(([key, node]) => [key, harvest(node)]));
}

type Node = Map<string, Node | string>;

function plant(node: Node, [key, ...rest]: readonly string[], value: string): void {
  if (key === undefined) return;
  if (rest.length === 0) {
    node.set(key, value);
    return;
  }
  const known = node.get(key);
  const child: Node = known instanceof Map ? known : new Map();
  node.set(key, child);
  plant(child, rest, value);
}

function harvest(node: Node | string): unknown {
  if (typeof node === 'string') return node;
  const keys = [...node.keys()];
  const isList = keys.every((key) => /^\d+$/.test(key));
  const entries = [...node].map(([key, child]) => [key, harvest(child)] as const);
  if (!isList) return Object.fromEntries(entries);
  return entries.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value);
}
