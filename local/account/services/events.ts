import { randomUUID } from 'node:crypto';
import { isMapping, type Mapping } from '../../json.ts';
import { defineEmulatedService, type ServiceContext } from '../emulated-service.ts';
import { ServiceError } from '../response.ts';

/** moto cannot run functions as targets, so events go to the rules of the template instead. */
export default defineEmulatedService({ service: 'events', operations: { PutEvents: putEvents } });

const maxEntries = 10;
/** The limit for all entries of a request together (API reference, PutEvents). */
const maxBytes = 1024 * 1024;

async function putEvents({ Entries: entries }: Mapping, context: ServiceContext): Promise<unknown> {
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

/** An invalid entry fails alone: the request succeeds, and FailedEntryCount reports the failure. */
async function putEvent(entry: Mapping, context: ServiceContext): Promise<Mapping> {
  const error = entryError(entry);
  if (error) return error;
  const event = toEnvelope(entry, context);
  await context.publish(event);
  return { EventId: event['id'] };
}

function entryError({
  Source: source,
  DetailType: detailType,
  Detail: detail,
  EventBusName: bus,
}: Mapping): Mapping | undefined {
  if (!isNonEmptyText(source))
    return invalidArgument('Parameter Source is not valid. Reason: Source is a required argument.');
  if (!isNonEmptyText(detailType))
    return invalidArgument('Parameter DetailType is not valid. Reason: DetailType is a required argument.');
  if (!isNonEmptyText(detail))
    return invalidArgument('Parameter Detail is not valid. Reason: Detail is a required argument.');
  if (source.startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  }
  if (!isJsonObject(detail)) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  if (isNonEmptyText(bus) && bus !== 'default' && !bus.endsWith(':event-bus/default')) {
    return invalidArgument(`Event bus ${bus} does not exist: the local account has only the default bus.`);
  }
  return undefined;
}

const invalidArgument = (message: string): Mapping => ({
  ErrorCode: 'InvalidArgument',
  ErrorMessage: message,
});

const isNonEmptyText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function isJsonObject(text: string): boolean {
  try {
    return isMapping(JSON.parse(text));
  } catch {
    return false;
  }
}

function toEnvelope(entry: Mapping, { now, accountId, region }: ServiceContext): Mapping {
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

/** EventBridge counts 14 bytes for Time, and the UTF-8 length of each string. */
function sizeOf({ Time, Source, DetailType, Detail, Resources }: Mapping): number {
  const texts = [Source, DetailType, Detail, ...(Array.isArray(Resources) ? Resources : [])];
  const bytes = texts.reduce(
    (sum: number, text: unknown) => sum + (isNonEmptyText(text) ? Buffer.byteLength(text) : 0),
    0,
  );
  return bytes + (Time === undefined ? 0 : 14);
}
