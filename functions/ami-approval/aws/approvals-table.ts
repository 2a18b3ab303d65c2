import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { paginate } from '#shared/aws/pages.ts';
import { dynamo, type Item, type RecordDraft, toRecord } from '#shared/aws/records.ts';
import { type UpdatedRecord, updateRecord } from '#shared/aws/update-record.ts';
import type { Approval, Key } from '../domain/approval-record.ts';
import type { Failure, Findings } from '../domain/scan-findings.ts';

export interface TableUse {
  readonly table: string;
  readonly signal: AbortSignal;
}

/** Everything that the table knows of one image build. */
export interface Shelf {
  readonly approvals: readonly Approval[];
  readonly findings: Findings | undefined;
  readonly failure: Failure | undefined;
}

type Stored = Key & { readonly revision: string };

/** Reads strongly consistent: a vote is judged by what is there. */
export async function readShelf({ table, signal }: TableUse, image: string): Promise<Shelf> {
  const command = new QueryCommand({
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: 'image = :image',
    ExpressionAttributeValues: { ':image': { S: image } },
  });
  const { Items = [] } = await dynamo.send(command, { abortSignal: signal });
  const items = Items.map((item) => toRecord<Stored>(item));
  return {
    approvals: items.filter(isApproval),
    findings: items.find((item): item is Findings => item.part === 'findings'),
    failure: items.find((item): item is Failure => item.part === 'failure'),
  };
}

/** Every request with something left to do, by an index that holds no others. It may lag by a second. */
export function listOpen({ table, signal }: TableUse): Promise<Approval[]> {
  return paginate<Approval, Item>(async (next) => {
    const command = new QueryCommand({
      TableName: table,
      IndexName: 'OpenRequests',
      KeyConditionExpression: '#open = :open',
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: { ':open': { S: 'open' } },
      ...(next && { ExclusiveStartKey: next }),
    });
    const { Items = [], LastEvaluatedKey } = await dynamo.send(command, { abortSignal: signal });
    return { items: Items.map((item) => toRecord<Approval>(item)), next: LastEvaluatedKey };
  });
}

/** Updates one record of the table on condition that nobody wrote in between (shared/aws/update-record.ts). */
export function updateItem<T extends Stored>(
  use: TableUse,
  { image, part }: Key,
  update: (known: T | undefined) => RecordDraft<T> | undefined,
  start?: { readonly known: T | undefined },
): Promise<UpdatedRecord<T>> {
  return updateRecord<T>(use, { image, part }, update, start);
}

function isApproval(item: Stored): item is Approval {
  return item.part !== 'findings' && item.part !== 'failure';
}
