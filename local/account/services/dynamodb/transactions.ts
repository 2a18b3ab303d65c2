import { list, type Mapping, mapping } from '../../../json.ts';
import { ServiceError } from '../../response.ts';
import type { Context } from './tables.ts';
import { invalid } from './values.ts';
import {
  apply,
  ConditionFailed,
  prepareCheck,
  prepareDelete,
  preparePut,
  prepareUpdate,
  type Write,
} from './writes.ts';

const MAX_ITEMS = 100;
const TOKEN_LIFETIME_MS = 10 * 60_000;

const prepares: Readonly<Record<string, (input: Mapping, context: Context) => Write>> = {
  ConditionCheck: prepareCheck,
  Delete: prepareDelete,
  Put: preparePut,
  Update: prepareUpdate,
};

/**
 * Writes all or nothing. A transaction is applied once for each ClientRequestToken within ten minutes: the SDK sets the
 * token, so that a retry after a lost response succeeds without writing again (API reference, TransactWriteItems).
 */
export function transactWriteItems(input: Mapping, context: Context): Mapping {
  const { ClientRequestToken: token } = input;
  const items = list(input['TransactItems']).map(mapping);
  if (items.length === 0 || items.length > MAX_ITEMS)
    throw invalid(
      `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to ${MAX_ITEMS}`,
    );
  if (wasApplied(token, items, context)) return {};
  const results = items.map((item) => prepare(item, context));
  checkDistinct(results);
  if (results.some((one) => one instanceof ConditionFailed)) throw cancelled(results);
  for (const one of results) if (!(one instanceof ConditionFailed)) apply(one);
  remember(token, items, context);
  return {};
}

function wasApplied(token: unknown, items: readonly Mapping[], { state, now }: Context): boolean {
  const known = token === undefined ? undefined : state.transactions.get(String(token));
  if (!known || known.until <= now()) return false;
  if (known.items === JSON.stringify(items)) return true;
  throw new ServiceError(
    'IdempotentParameterMismatchException',
    'The token was used before with other items.',
  );
}

function remember(token: unknown, items: readonly Mapping[], { state, now }: Context): void {
  if (token === undefined) return;
  state.transactions.set(String(token), { items: JSON.stringify(items), until: now() + TOKEN_LIFETIME_MS });
}

type Result = Write | ConditionFailed;

function prepare(item: Mapping, context: Context): Result {
  const [[kind, operation] = ['', undefined]] = Object.entries(item);
  const run = prepares[kind];
  if (!run) throw invalid(`TransactItems can only contain one of Check, Put, Update or Delete, not ${kind}`);
  try {
    return run(mapping(operation), context);
  } catch (error) {
    if (error instanceof ConditionFailed) return error;
    throw error;
  }
}

function checkDistinct(results: readonly Result[]): void {
  const writes = results.map((one) => (one instanceof ConditionFailed ? one.write : one));
  const places = writes.map(({ table, key }) => `${table.name} ${key}`);
  if (new Set(places).size !== places.length)
    throw invalid('Transaction request cannot include multiple operations on one item');
}

/** Names for each item why it did not go through: `None` for those that only suffered from others. */
function cancelled(results: readonly Result[]): ServiceError {
  const reasons = results.map((one) =>
    one instanceof ConditionFailed
      ? { Code: 'ConditionalCheckFailed', Message: one.message, ...one.members }
      : { Code: 'None' },
  );
  return new ServiceError(
    'TransactionCanceledException',
    'Transaction cancelled, please refer cancellation reasons for specific reasons ' +
      `[${reasons.map(({ Code }) => Code).join(', ')}]`,
    400,
    { CancellationReasons: reasons },
  );
}
