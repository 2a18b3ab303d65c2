import type { Mapping } from '../../../json.ts';
import { mapping } from '../../../json.ts';
import { defineEmulatedService } from '../../emulated-service.ts';
import { batchGetItem, getItem, query, scan, transactGetItems } from './reads.ts';
import { type Context, createTable, type DynamoState, describe, tableNamed } from './tables.ts';
import { transactWriteItems } from './transactions.ts';
import { batchWriteItem, prepareDelete, preparePut, prepareUpdate, single } from './writes.ts';

/**
 * Tables, with conditions and transactions. moto has them too. But half of the time that moto took for a scenario was
 * for tables, and it copies them to be able to roll a transaction back.
 */
export default defineEmulatedService<DynamoState>({
  service: 'dynamodb',
  createState: () => ({ tables: new Map(), transactions: new Map() }),
  operations: {
    CreateTable: createTable,
    DescribeTable: ({ TableName }, { state }) => ({ Table: describe(tableNamed(TableName, state)) }),
    DeleteTable: ({ TableName }, { state }) => {
      const table = tableNamed(TableName, state);
      state.tables.delete(table.name);
      return { TableDescription: { ...describe(table), TableStatus: 'DELETING' } };
    },
    ListTables: (_, { state }) => ({ TableNames: [...state.tables.keys()].toSorted() }),
    UpdateTimeToLive: updateTimeToLive,
    DescribeTimeToLive: describeTimeToLive,
    GetItem: getItem,
    BatchGetItem: batchGetItem,
    TransactGetItems: transactGetItems,
    Query: query,
    Scan: scan,
    PutItem: single(preparePut),
    DeleteItem: single(prepareDelete),
    UpdateItem: single(prepareUpdate),
    BatchWriteItem: batchWriteItem,
    TransactWriteItems: transactWriteItems,
  },
});

/** Expired items stay, as on AWS, which deletes them within a few days. */
function updateTimeToLive(
  { TableName, TimeToLiveSpecification: given }: Mapping,
  { state }: Context,
): Mapping {
  tableNamed(TableName, state).timeToLive = mapping(given);
  return { TimeToLiveSpecification: given };
}

function describeTimeToLive({ TableName }: Mapping, { state }: Context): Mapping {
  const { AttributeName, Enabled } = tableNamed(TableName, state).timeToLive ?? {};
  const TimeToLiveDescription =
    Enabled === true ? { AttributeName, TimeToLiveStatus: 'ENABLED' } : { TimeToLiveStatus: 'DISABLED' };
  return { TimeToLiveDescription };
}
