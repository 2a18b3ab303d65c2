import { list, type Mapping, mapping } from '../json.ts';
import { ServiceError } from './response.ts';

const MAX_ENTRIES = 10;

/** Runs an operation of SQS or SNS for each entry of a batch: one that fails does not stop the others. */
export function runBatch(given: unknown, run: (entry: Mapping) => Mapping): Mapping {
  const entries = checkEntries(list(given).map(mapping));
  const results = entries.map((entry) => runEntry(entry, run));
  return {
    Successful: results.flatMap(({ successful }) => successful ?? []),
    Failed: results.flatMap(({ failed }) => failed ?? []),
  };
}

function runEntry(
  entry: Mapping,
  run: (entry: Mapping) => Mapping,
): { readonly successful?: Mapping; readonly failed?: Mapping } {
  const { Id } = entry;
  try {
    return { successful: { Id, ...run(entry) } };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { failed: { Id, SenderFault: true, Code: error.code, Message: error.message } };
  }
}

function checkEntries(entries: readonly Mapping[]): readonly Mapping[] {
  if (entries.length === 0)
    throw new ServiceError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > MAX_ENTRIES)
    throw new ServiceError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_ENTRIES}. You have sent ${entries.length}.`,
    );
  const ids = entries.map(({ Id }) => String(Id));
  const invalid = ids.find((id) => !/^[\w-]{1,80}$/.test(id));
  if (invalid !== undefined)
    throw new ServiceError(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    );
  const repeated = ids.find((id, at) => ids.indexOf(id) !== at);
  if (repeated !== undefined) throw new ServiceError('BatchEntryIdsNotDistinct', `Id ${repeated} repeated.`);
  return entries;
}
