import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import type { HealthIssue } from '../domain/health-issue.ts';
import type { GatePass, GateStop } from '../domain/stop-marker.ts';

// The gate's own table. It holds the stops, for ResumeDeployments, the passes, for FollowIncidents, and recent AWS Health
// responses, so that a hundred waiting pipelines cause one request a minute instead of a hundred.

const dynamo = createClient(DynamoDBClient, { deadlineMs: 3_000 });

const DAY_S = 86_400;
/** Twice the longest hold. */
const STOP_RETENTION_SECONDS = 14 * DAY_S;

export interface CachedHealthResponse {
  /** Epoch milliseconds. */
  readonly readAt: number;
  readonly issues: readonly HealthIssue[];
}

/** Idempotent: the key depends only on the job. */
export async function saveStop(table: string, stop: GateStop, signal: AbortSignal): Promise<void> {
  const expires = Math.ceil(stop.at / 1000) + STOP_RETENTION_SECONDS;
  await putItem(table, { pk: `stop/${stop.id}`, sk: stop.jobId, stop, expires }, signal);
}

/** The stops of an execution, or of one job in it. */
export async function findStops(table: string, key: JobKey, signal: AbortSignal): Promise<GateStop[]> {
  const items = await queryItems(table, { pk: `stop/${key.id}`, sk: key.jobId }, signal);
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only `saveStop` writes under this key
  return items.map(({ stop }) => stop as GateStop);
}

/** Idempotent, as `saveStop`. The event of the action follows within moments, so the item is needed only for a while. */
export async function savePass(table: string, pass: GatePass, signal: AbortSignal): Promise<void> {
  const expires = Math.ceil(pass.at / 1000) + DAY_S;
  await putItem(table, { pk: `pass/${pass.id}`, sk: pass.jobId, pass, expires }, signal);
}

/** The passes of an execution, or of one job in it. */
export async function findPasses(table: string, key: JobKey, signal: AbortSignal): Promise<GatePass[]> {
  const items = await queryItems(table, { pk: `pass/${key.id}`, sk: key.jobId }, signal);
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only `savePass` writes under this key
  return items.map(({ pass }) => pass as GatePass);
}

/** Every item with this partition key. */
export function listItems(
  table: string,
  pk: string,
  signal: AbortSignal,
): Promise<Record<string, unknown>[]> {
  return queryItems(table, { pk, sk: undefined }, signal);
}

interface JobKey {
  readonly id: string;
  readonly jobId?: string;
}

function queryItems(
  table: string,
  { pk, sk }: { readonly pk: string; readonly sk: string | undefined },
  signal: AbortSignal,
): Promise<Record<string, unknown>[]> {
  const isItem = sk === undefined ? '' : ' AND sk = :sk';
  return paginate(async (next: Record<string, AttributeValue> | undefined) => {
    const command = new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: `pk = :pk${isItem}`,
      ExpressionAttributeValues: { ':pk': { S: pk }, ...(sk !== undefined && { ':sk': { S: sk } }) },
      ...(next && { ExclusiveStartKey: next }),
    });
    const { Items = [], LastEvaluatedKey } = await dynamo.send(command, { abortSignal: signal });
    return { items: Items.map((item) => unmarshall(item)), next: LastEvaluatedKey };
  });
}

export async function findCachedResponse(
  table: string,
  key: string,
  signal: AbortSignal,
): Promise<CachedHealthResponse | undefined> {
  const Key = marshall({ pk: `response/${key}`, sk: '-' });
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key }), { abortSignal: signal });
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only `saveResponse` writes under this key
  return Item && (unmarshall(Item).response as CachedHealthResponse);
}

export async function saveResponse(
  table: string,
  key: string,
  response: CachedHealthResponse,
  signal: AbortSignal,
): Promise<void> {
  const expires = Math.ceil(response.readAt / 1000) + DAY_S;
  await putItem(table, { pk: `response/${key}`, sk: '-', response, expires }, signal);
}

async function putItem(table: string, item: object, signal: AbortSignal): Promise<void> {
  const Item = marshall(item, { removeUndefinedValues: true });
  await dynamo.send(new PutItemCommand({ TableName: table, Item }), { abortSignal: signal });
}
