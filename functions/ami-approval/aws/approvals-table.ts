import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { dynamo, type Item, toRecord } from '#shared/aws/dynamodb.ts';
import { paginate } from '#shared/aws/pages.ts';
import type { RecordTable } from '#shared/aws/update-record.ts';
import type { ApprovalRecord } from '../domain/approval-record.ts';
import type { ApprovedBuild } from '../domain/approved-build.ts';
import { APPROVERS, type ApproverSubscription } from '../domain/approver-subscription.ts';
import type { BuildFailure } from '../domain/build-failure.ts';
import type { BuildRecordKey } from '../domain/record-key.ts';
import type { ScanFindings } from '../domain/scan-findings.ts';
import { STEP_EXECUTION_ID } from '../domain/workflow-step.ts';

// Queries only. One record is written with updateRecord of shared/aws/update-record.ts.

/** Everything that the table stores about one image build. */
export interface BuildRecords {
  readonly approvals: readonly ApprovalRecord[];
  readonly findings: ScanFindings | undefined;
  readonly failure: BuildFailure | undefined;
}

/** Reads strongly consistent, because a vote depends on the votes before it. */
export async function readBuildRecords({ table, signal }: RecordTable, image: string): Promise<BuildRecords> {
  const command = new QueryCommand({
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: 'image = :image',
    ExpressionAttributeValues: { ':image': { S: image } },
  });
  const { Items = [] } = await dynamo.send(command, { abortSignal: signal });
  const items = Items.map((item) => toRecord<BuildRecordKey>(item));
  return {
    approvals: items.filter(isApproval),
    findings: items.find((item): item is ScanFindings => item.part === 'findings'),
    failure: items.find((item): item is BuildFailure => item.part === 'failure'),
  };
}

/** @returns undefined if no build of the pipeline has been approved yet */
export async function findApprovedBuild(
  { table, signal }: RecordTable,
  { image, part }: BuildRecordKey,
): Promise<ApprovedBuild | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: { image: { S: image }, part: { S: part } } });
  const { Item: item } = await dynamo.send(command, { abortSignal: signal });
  return item && toRecord<ApprovedBuild>(item);
}

/** Everybody who is, or was, an approver. */
export function listApproverSubscriptions({ table, signal }: RecordTable): Promise<ApproverSubscription[]> {
  return paginate<ApproverSubscription, Item>(async (next) => {
    const command = new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'image = :image',
      ExpressionAttributeValues: { ':image': { S: APPROVERS } },
      ...(next && { ExclusiveStartKey: next }),
    });
    const { Items = [], LastEvaluatedKey } = await dynamo.send(command, { abortSignal: signal });
    return { items: Items.map((item) => toRecord<ApproverSubscription>(item)), next: LastEvaluatedKey };
  });
}

/** Lists every request with something left to do, from an index that may lag behind by a second. */
export function listOpenRequests({ table, signal }: RecordTable): Promise<ApprovalRecord[]> {
  return paginate<ApprovalRecord, Item>(async (next) => {
    const command = new QueryCommand({
      TableName: table,
      IndexName: 'OpenRequests',
      KeyConditionExpression: '#open = :open',
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: { ':open': { S: 'open' } },
      ...(next && { ExclusiveStartKey: next }),
    });
    const { Items = [], LastEvaluatedKey } = await dynamo.send(command, { abortSignal: signal });
    return { items: Items.map((item) => toRecord<ApprovalRecord>(item)), next: LastEvaluatedKey };
  });
}

function isApproval(item: BuildRecordKey): item is ApprovalRecord {
  return item.part === 'share' || STEP_EXECUTION_ID.test(item.part);
}
