import { type Body, bindReply, isRecord, writeTime } from './schema-http.ts';
import type { Shape } from './schema-probe.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

const REQUEST_ID = '8f1d0c4e-0000-4000-8000-0123456789ab';

/** What the service would answer for an operation whose parsed result is `value`; `http` is its trait, if it has one. */
export function writeReply(
  protocol: string,
  operation: string,
  shape: Shape,
  value: unknown,
  http?: unknown,
): Reply {
  if (isRest(protocol)) return writeRestReply(protocol, operation, shape, value, http);
  const members = protocol.includes('Query') && !shape.isUnitSchema() ? writeMembers(shape, value) : '';
  if (protocol === 'aws.protocols#ec2Query') {
    return xml(
      200,
      `<${operation}Response><requestId>${REQUEST_ID}</requestId>${members}</${operation}Response>`,
    );
  }
  if (protocol === 'aws.protocols#awsQuery') {
    const metadata = `<ResponseMetadata><RequestId>${REQUEST_ID}</RequestId></ResponseMetadata>`;
    const result = `<${operation}Result>${members}</${operation}Result>`;
    return xml(200, `<${operation}Response>${result}${metadata}</${operation}Response>`);
  }
  if (protocol.startsWith('aws.protocols#awsJson')) return json(200, writeJson(shape, value));
  throw new Error(`${operation} speaks ${protocol}: teach test/support/bundles/schema-reply.ts`);
}

/** What the service would answer for an error of this shape. */
export function writeErrorReply(protocol: string, shape: Shape, value: object): Reply {
  const { awsQueryError, error: fault, httpError = fault === 'server' ? 500 : 400 } = shape.getMergedTraits();
  const status = Number(httpError);
  const name = shape.getName() ?? '';
  if (isRest(protocol)) return writeRestError(protocol, status, shape, value);
  const code = Array.isArray(awsQueryError) ? String(awsQueryError[0]) : name;
  if (protocol.includes('Query')) {
    const members = writeMembers(shape, value);
    const message = /<message>/i.test(members) ? '' : '<Message>It says why.</Message>';
    const error = `<Error><Type>Sender</Type><Code>${code}</Code>${message}${members}</Error>`;
    return protocol === 'aws.protocols#ec2Query'
      ? xml(status, `<Response><Errors>${error}</Errors><RequestID>${REQUEST_ID}</RequestID></Response>`)
      : xml(status, `<ErrorResponse>${error}<RequestId>${REQUEST_ID}</RequestId></ErrorResponse>`);
  }
  const body = { __type: `com.amazonaws#${name}`, message: 'It says why.', ...toJson(shape, value) };
  const reply = json(status, body);
  return code === name
    ? reply
    : { ...reply, headers: { ...reply.headers, 'x-amzn-query-error': `${code};Sender` } };
}

const REST: Readonly<Record<string, Body>> = {
  'aws.protocols#restJson1': {
    type: 'application/json',
    write: (_, shape, value) => JSON.stringify(writeJson(shape, value)),
  },
  'aws.protocols#restXml': {
    type: 'application/xml',
    write: (name, shape, value) =>
      `<?xml version="1.0" encoding="UTF-8"?>\n${writeElement(name, shape, value)}`,
  },
};

function isRest(protocol: string): boolean {
  return protocol.startsWith('aws.protocols#rest');
}

function restBody(protocol: string): Body {
  const body = REST[protocol];
  if (!body) throw new Error(`${protocol} is unknown: teach test/support/bundles/schema-reply.ts`);
  return body;
}

function writeRestReply(
  protocol: string,
  operation: string,
  shape: Shape,
  value: unknown,
  http: unknown,
): Reply {
  const bound = bindReply(`${operation}Result`, shape, value, restBody(protocol));
  const usual = Array.isArray(http) ? Number(http[2] ?? 200) : 200;
  return {
    status: bound.status ?? usual,
    headers: { 'x-amzn-requestid': REQUEST_ID, ...bound.headers },
    body: bound.body,
  };
}

function writeRestError(protocol: string, status: number, shape: Shape, value: object): Reply {
  const { headers, body } = bindReply('Error', shape, value, restBody(protocol));
  const name = shape.getName() ?? '';
  const named = { 'x-amzn-requestid': REQUEST_ID, ...headers, 'content-type': restBody(protocol).type };
  if (protocol === 'aws.protocols#restJson1') {
    const members = { message: 'It says why.', ...JSON.parse(String(body)) };
    return { status, headers: { ...named, 'x-amzn-errortype': name }, body: JSON.stringify(members) };
  }
  const [, members = ''] = /<Error>([\s\S]*)<\/Error>$/.exec(String(body)) ?? [];
  const message = /<message>/i.test(members) ? '' : '<Message>It says why.</Message>';
  const error = `<Error><Code>${name}</Code>${message}${members}</Error>`;
  // S3 alone leaves the wrapping out.
  const isBare = shape.getName(true)?.startsWith('com.amazonaws.s3#');
  const wrapped = `<ErrorResponse>${error}<RequestId>${REQUEST_ID}</RequestId></ErrorResponse>`;
  return { status, headers: named, body: isBare ? error : wrapped };
}

function writeMembers(shape: Shape, value: unknown): string {
  const values = isRecord(value) ? value : {};
  return Object.entries(shape.getMemberSchemas())
    .filter(([name, member]) => values[name] !== undefined && !member.getMergedTraits().xmlAttribute)
    .map(([name, member]) =>
      writeElement(String(member.getMemberTraits().xmlName ?? name), member, values[name]),
    )
    .join('');
}

function writeElement(tag: string, shape: Shape, value: unknown): string {
  const flat = Boolean(shape.getMergedTraits().xmlFlattened);
  if (shape.isListSchema() && Array.isArray(value)) {
    const itemTag = flat ? tag : nameOf(shape.getValueSchema(), 'member');
    const items = value.map((item) => writeElement(itemTag, shape.getValueSchema(), item)).join('');
    return flat ? items : `<${tag}>${items}</${tag}>`;
  }
  if (shape.isMapSchema() && isRecord(value)) {
    const entries = Object.entries(value).map(([key, item]) => {
      const keyElement = writeElement(nameOf(shape.getKeySchema(), 'key'), shape.getKeySchema(), key);
      const valueElement = writeElement(
        nameOf(shape.getValueSchema(), 'value'),
        shape.getValueSchema(),
        item,
      );
      return flat
        ? `<${tag}>${keyElement}${valueElement}</${tag}>`
        : `<entry>${keyElement}${valueElement}</entry>`;
    });
    return flat ? entries.join('') : `<${tag}>${entries.join('')}</${tag}>`;
  }
  return shape.isStructSchema()
    ? `<${tag}${writeAttributes(shape, value)}>${writeMembers(shape, value)}</${tag}>`
    : `<${tag}>${escape(writeText(shape, value))}</${tag}>`;
}

function writeAttributes(shape: Shape, value: unknown): string {
  const values = isRecord(value) ? value : {};
  return Object.entries(shape.getMemberSchemas())
    .filter(([name, member]) => values[name] !== undefined && member.getMergedTraits().xmlAttribute)
    .map(([name, member]) => ` ${member.getMergedTraits().xmlName ?? name}="${escape(String(values[name]))}"`)
    .join('');
}

function nameOf(shape: Shape, usual: string): string {
  return String(shape.getMergedTraits().xmlName ?? usual);
}

function writeText(shape: Shape, value: unknown): string {
  if (value instanceof Date) return writeTime(shape, value, 'date-time');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function writeJson(shape: Shape, value: unknown): unknown {
  if (value === undefined) return undefined;
  if (shape.isListSchema() && Array.isArray(value))
    return value.map((item) => writeJson(shape.getValueSchema(), item));
  if (shape.isMapSchema() && isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, writeJson(shape.getValueSchema(), item)]),
    );
  }
  if (shape.isStructSchema()) return toJson(shape, value);
  if (value instanceof Date) return writeJsonTime(shape, value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

function writeJsonTime(shape: Shape, value: Date): string | number {
  const text = writeTime(shape, value, 'epoch-seconds');
  return Number.isNaN(Number(text)) ? text : Number(text);
}

function toJson(shape: Shape, value: unknown): object {
  const values = isRecord(value) ? value : {};
  const members = Object.entries(shape.getMemberSchemas()).map(([name, member]) => [
    String(member.getMergedTraits().jsonName ?? name),
    writeJson(member, values[name]),
  ]);
  return Object.fromEntries(members);
}

function xml(status: number, body: string): Reply {
  return {
    status,
    headers: { 'content-type': 'text/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  };
}

function json(status: number, body: unknown): Reply {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': REQUEST_ID };
  return { status, headers, body: JSON.stringify(body) };
}
