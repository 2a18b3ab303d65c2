import {
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  type QueryCommandOutput,
  ScanCommand,
  type ScanCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { createClient } from '#shared/aws/client.ts';
import type { Item } from '#shared/aws/dynamodb.ts';
import { paginate } from '#shared/aws/pages.ts';
import type { BusyWait } from '../domain/busy-wait.ts';
import type { CordonItem, WorkerItem } from '../domain/known-workers.ts';

// What ChooseTerminations reads and writes within its second.

const dynamo = createClient(DynamoDBClient, { deadlineMs: 1_000, attempts: 2 });

interface TableUse {
  readonly table: string;
  readonly signal: AbortSignal;
}

/** The items of a group. Strongly consistent: a job may just have begun. */
export function readWorkers({ signal, table }: TableUse, group: string): Promise<WorkerItem[]> {
  return paginate<WorkerItem, Item>(async (next) => {
    const command = new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      ProjectionExpression: 'instanceId, busySince, expiresAt, answered',
      KeyConditionExpression: '#group = :group',
      ExpressionAttributeNames: { '#group': 'group' },
      ExpressionAttributeValues: { ':group': { S: group } },
      ...(next && { ExclusiveStartKey: next }),
    });
    const page: QueryCommandOutput = await dynamo.send(command, { abortSignal: signal });
    return { items: (page.Items ?? []).map(toWorkerItem), next: page.LastEvaluatedKey };
  });
}

/** @param key the `instanceId` of the wait's item */
export async function saveWait(
  { signal, table }: TableUse,
  { group, key }: { readonly group: string; readonly key: string },
  { answered, expiresAt, since }: BusyWait,
): Promise<void> {
  const command = new PutItemCommand({
    TableName: table,
    Item: {
      group: { S: group },
      instanceId: { S: key },
      busySince: toSeconds(since),
      expiresAt: toSeconds(expiresAt),
      ...(answered.length > 0 && { answered: { L: answered.map((id) => ({ S: id })) } }),
    },
  });
  await dynamo.send(command, { abortSignal: signal });
}

/** Hands over each page of the cordoned instances, so that those before a failure are known. */
export async function readCordoned(
  { signal, table }: TableUse,
  onPage: (items: readonly CordonItem[]) => void,
): Promise<void> {
  await paginate<never, Item>(async (next) => {
    const command = new ScanCommand({
      TableName: table,
      ProjectionExpression: 'instanceId, severity, expiresAt',
      FilterExpression: '#status = :cordoned',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':cordoned': { S: 'cordoned' } },
      ...(next && { ExclusiveStartKey: next }),
    });
    const page: ScanCommandOutput = await dynamo.send(command, { abortSignal: signal });
    onPage((page.Items ?? []).map(toCordonItem));
    return { items: [], next: page.LastEvaluatedKey };
  });
}

function toWorkerItem({ answered, busySince, expiresAt, instanceId }: Item): WorkerItem {
  return {
    instanceId: instanceId?.S ?? '',
    busySince: toNumber(busySince),
    expiresAt: toNumber(expiresAt),
    answered: (answered?.L ?? []).map(({ S = '' }) => S),
  };
}

function toCordonItem({ expiresAt, instanceId, severity }: Item): CordonItem {
  return { instanceId: instanceId?.S ?? '', severity: severity?.S ?? '', expiresAt: toNumber(expiresAt) };
}

function toNumber(value: Item[string] | undefined): number | undefined {
  return value?.N === undefined ? undefined : Number(value.N);
}

/** As DynamoDB's expiry needs times. */
function toSeconds(ms: number): { readonly N: string } {
  return { N: String(Math.floor(ms / 1000)) };
}
