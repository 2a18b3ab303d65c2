import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { createClient } from '#shared/aws/client.ts';
import type { Issue } from '../domain/health-issue.ts';
import type { Stop } from '../domain/stop-marker.ts';

// The gate's own table: what it stopped, for ResumeDeployments, and what AWS Health said lately, so that a hundred
// waiting pipelines ask it once a minute and not a hundred times.

const dynamo = createClient(DynamoDBClient, { deadlineMs: 3_000 });

const DAY_S = 86_400;
/** Twice as long as a deployment can be held at most. */
const STOPS_KEPT_S = 14 * DAY_S;

export interface Reading {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly issues: readonly Issue[];
}

/** Written twice it is the same: a job's record depends on nothing but the job. */
export async function writeStop(table: string, stop: Stop, signal: AbortSignal): Promise<void> {
  const item = {
    pk: `stop/${stop.id}`,
    sk: stop.jobId,
    stop,
    expires: Math.ceil(stop.at / 1000) + STOPS_KEPT_S,
  };
  await put(table, item, signal);
}

/** What the gate stopped in an execution, or with a job of one. */
export async function findStops(
  table: string,
  { id, jobId }: { readonly id: string; readonly jobId?: string },
  signal: AbortSignal,
): Promise<Stop[]> {
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
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only `writeStop` writes under this key
  return Items.map((item) => unmarshall(item).stop as Stop);
}

export async function findReading(
  table: string,
  key: string,
  signal: AbortSignal,
): Promise<Reading | undefined> {
  const Key = marshall({ pk: `reading/${key}`, sk: '-' });
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key }), { abortSignal: signal });
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only `writeReading` writes under this key
  return Item && (unmarshall(Item).reading as Reading);
}

export async function writeReading(
  table: string,
  key: string,
  reading: Reading,
  signal: AbortSignal,
): Promise<void> {
  const expires = Math.ceil(reading.at / 1000) + DAY_S;
  await put(table, { pk: `reading/${key}`, sk: '-', reading, expires }, signal);
}

async function put(table: string, item: object, signal: AbortSignal): Promise<void> {
  const Item = marshall(item, { removeUndefinedValues: true });
  await dynamo.send(new PutItemCommand({ TableName: table, Item }), { abortSignal: signal });
}
