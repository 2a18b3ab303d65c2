import type { Shape } from './schema-probe.ts';

/** How the body of a reply is written: by restJson1 or by restXml. */
export interface Body {
  readonly type: string;
  /** The structure as the content of the body; `name` is what an XML root is called. */
  write(name: string, shape: Shape, value: unknown): string;
}

/** What HTTP carries of a reply's members. */
export interface HttpReply {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Gives each member of a reply the place that its traits name: the status, a header, the payload, or the body. */
export function bindReply(name: string, shape: Shape, value: unknown, body: Body): HttpReply {
  const values = isRecord(value) ? value : {};
  const members = shape.isUnitSchema() ? [] : Object.entries(shape.getMemberSchemas());
  const given = members.filter(([member]) => values[member] !== undefined);
  const code = given.find(([, one]) => one.getMergedTraits().httpResponseCode);
  const payload = members.find(([, one]) => one.getMergedTraits().httpPayload);
  const headers = given.flatMap(([member, one]) => headersOf(one, values[member]));
  const content = payload
    ? writePayload(payload[0], payload[1], values[payload[0]], body)
    : { type: body.type, text: body.write(name, shape, pickBody(given, values)) };
  return {
    status: code && Number(values[code[0]]),
    headers: { 'content-type': content.type, ...Object.fromEntries(headers) },
    body: content.text,
  };
}

/** Whether HTTP carries the member outside of the body. */
function isBound(member: Shape): boolean {
  const { httpHeader, httpPrefixHeaders, httpResponseCode, httpPayload } = member.getMergedTraits();
  return Boolean(httpHeader ?? httpResponseCode ?? httpPayload) || httpPrefixHeaders !== undefined;
}

function pickBody(given: readonly [string, Shape][], values: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    given.filter(([, member]) => !isBound(member)).map(([name]) => [name, values[name]]),
  );
}

function headersOf(member: Shape, value: unknown): readonly (readonly [string, string])[] {
  const { httpHeader, httpPrefixHeaders } = member.getMergedTraits();
  if (httpHeader) return [[String(httpHeader).toLowerCase(), writeHeader(member, value)]];
  if (httpPrefixHeaders === undefined || !isRecord(value)) return [];
  return Object.entries(value).map(([key, item]) => [
    `${httpPrefixHeaders}${key}`.toLowerCase(),
    writeHeader(member.getValueSchema(), item),
  ]);
}

function writeHeader(member: Shape, value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => writeHeader(member.getValueSchema(), item)).join(', ');
  if (value instanceof Date) return writeTime(member, value, 'http-date');
  // A header of a media type is written in base64.
  return member.getMergedTraits().mediaType ? Buffer.from(String(value)).toString('base64') : String(value);
}

function writePayload(name: string, member: Shape, value: unknown, body: Body) {
  if (value instanceof Uint8Array) return { type: 'application/octet-stream', text: value };
  if (typeof value === 'string') return { type: 'text/plain', text: value };
  return { type: body.type, text: value === undefined ? '' : body.write(name, member, value) };
}

type TimeFormat = 'date-time' | 'http-date' | 'epoch-seconds';

// What the SDK's schemas of times say: 4 leaves it to the protocol and the place.
const TIME_FORMATS = new Map<unknown, TimeFormat>([
  [5, 'date-time'],
  [6, 'http-date'],
  [7, 'epoch-seconds'],
]);

/** A time as its schema tells, or as is usual in this place. */
export function writeTime(shape: Shape, value: Date, usual: TimeFormat): string {
  const format = TIME_FORMATS.get(shape.getSchema()) ?? usual;
  if (format === 'http-date') return value.toUTCString();
  return format === 'date-time' ? value.toISOString() : String(value.getTime() / 1000);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
