import { randomUUID } from 'node:crypto';
import { isMapping, type Mapping } from '../../json.ts';
import { defineStandIn, type StandInContext } from '../emulated-service.ts';
import { ServiceError } from '../response.ts';

/** moto would deliver to its own targets and cannot run a function: the events go to the template's rules instead. */
export default defineStandIn({ service: 'events', operations: { PutEvents: putEvents } });

const maxEntries = 10;
/** For all entries of a request together, as the API's own documentation counts them. */
const maxBytes = 1024 * 1024;

async function putEvents({ Entries: entries }: Mapping, context: StandInContext): Promise<unknown> {
  if (!Array.isArray(entries)) throw new ServiceError('ValidationException', missingEntries);
  if (entries.length < 1 || entries.length > maxEntries) {
    throw new ServiceError('ValidationException', wrongLength(entries.length));
  }
  const members = entries.map((entry: unknown) => (isMapping(entry) ? entry : {}));
  const bytes = members.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (bytes >= maxBytes) {
    throw new ServiceError(
      'ValidationException',
      `Total size of the entries in the request is over the limit.`,
    );
  }
  const results: Mapping[] = [];
  for (const entry of members) results.push(await putEvent(entry, context));
  return { FailedEntryCount: results.filter(({ ErrorCode }) => ErrorCode).length, Entries: results };
}

const missingEntries =
  "1 validation error detected: Value null at 'entries' failed to satisfy constraint: Member must not be null";

const wrongLength = (length: number): string =>
  `1 validation error detected: Value of ${length} entries at 'entries' failed to satisfy constraint: ` +
  `Member must have length between 1 and ${maxEntries}`;

/** A faulty entry fails alone: the request succeeds and says so only in FailedEntryCount. */
async function putEvent(entry: Mapping, context: StandInContext): Promise<Mapping> {
  const fault = faultOf(entry);
  if (fault) return fault;
  const event = envelopeOf(entry, context);
  await context.publish(event);
  return { EventId: event['id'] };
}

function faultOf({
  Source: source,
  DetailType: detailType,
  Detail: detail,
  EventBusName: bus,
}: Mapping): Mapping | undefined {
  if (!isFilled(source))
    return invalid('Parameter Source is not valid. Reason: Source is a required argument.');
  if (!isFilled(detailType))
    return invalid('Parameter DetailType is not valid. Reason: DetailType is a required argument.');
  if (!isFilled(detail))
    return invalid('Parameter Detail is not valid. Reason: Detail is a required argument.');
  if (source.startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  }
  if (!isJsonObject(detail)) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  if (isFilled(bus) && bus !== 'default' && !bus.endsWith(':event-bus/default')) {
    return invalid(`Event bus ${bus} does not exist: the pack has none but the default one.`);
  }
  return undefined;
}

const invalid = (message: string): Mapping => ({ ErrorCode: 'InvalidArgument', ErrorMessage: message });

const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== '';

function isJsonObject(text: string): boolean {
  try {
    return isMapping(JSON.parse(text));
  } catch {
    return false;
  }
}

function envelopeOf(entry: Mapping, { now, accountId, region }: StandInContext): Mapping {
  const time = typeof entry['Time'] === 'number' ? entry['Time'] * 1000 : now();
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': entry['DetailType'],
    source: entry['Source'],
    account: accountId,
    time: new Date(time).toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: entry['Resources'] ?? [],
    detail: JSON.parse(String(entry['Detail'])),
  };
}

/** EventBridge counts a Time as 14 bytes and the strings as they are in UTF-8. */
function sizeOf({ Time, Source, DetailType, Detail, Resources }: Mapping): number {
  const texts = [Source, DetailType, Detail, ...(Array.isArray(Resources) ? Resources : [])];
  const bytes = texts.reduce(
    (sum: number, text: unknown) => sum + (isFilled(text) ? Buffer.byteLength(text) : 0),
    0,
  );
  return bytes + (Time === undefined ? 0 : 14);
}
