import type { Shape } from './schema-probe.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const REQUEST_ID = '8f1d0c4e-0000-4000-8000-0123456789ab';

/** What the service would answer for an operation whose parsed result is `value`. */
export function writeReply(protocol: string, operation: string, shape: Shape, value: unknown): Reply {
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
  throw new Error(`${operation} speaks ${protocol}: teach test/support/schema-reply.ts`);
}

/** What the service would answer for an error of this shape. */
export function writeErrorReply(protocol: string, shape: Shape, value: object): Reply {
  const { awsQueryError, error: fault, httpError = fault === 'server' ? 500 : 400 } = shape.getMergedTraits();
  const status = Number(httpError);
  const name = shape.getName() ?? '';
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

function writeMembers(shape: Shape, value: unknown): string {
  const values = isRecord(value) ? value : {};
  return Object.entries(shape.getMemberSchemas())
    .filter(([name]) => values[name] !== undefined)
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
  return `<${tag}>${shape.isStructSchema() ? writeMembers(shape, value) : escape(writeText(value))}</${tag}>`;
}

function nameOf(shape: Shape, usual: string): string {
  return String(shape.getMergedTraits().xmlName ?? usual);
}

function writeText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
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
  if (value instanceof Date) return value.getTime() / 1000;
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

function toJson(shape: Shape, value: unknown): object {
  const values = isRecord(value) ? value : {};
  const members = Object.entries(shape.getMemberSchemas()).map(([name, member]) => [
    name,
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

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
