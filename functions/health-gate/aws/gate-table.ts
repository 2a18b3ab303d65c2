import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { createClient } from '#shared/aws/client.ts';
import type { HealthIssue } from '../domain/health-issue.ts';
import type { GateStop } from '../domain/stop-marker.ts';

// The gate's own table. It holds the stops, for ResumeDeployments, and recent AWS Health responses, so that a hundred
// waiting pipelines cause one request a minute instead of a hundred.

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
  const item = {
    pk: `stop/${stop.id}`,
    sk: stop.jobId,
    stop,
    expires: Math.ceil(stop.at / 1000) + STOP_RETENTION_SECONDS,
  };
  await putItem(table, item, signal);
}

/** The stops of an execution, or of one job in it. */
export async function findStops(
  table: string,
  { id, jobId }: { readonly id: string; readonly jobId?: string },
  signal: AbortSignal,
): Promise<GateStop[]> {
  const isJob = jobId === undefined ? '' : ' AND sk = :sk';
  const command = new QueryCommand({
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: `pk = :pk${isJob}`,
    ExpressionAttributeValues: {
      ':pk': { S: `stop/${id}` },
      ...(jobId !== undefined && { ':sk': { S: jobId } }),
    },
  });
  const { Items = [] } = await dynamo.send(command, { abortSignal: signal });
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only `saveStop` writes under this key
  return Items.map((item) => unmarshall(item).stop as GateStop);
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
