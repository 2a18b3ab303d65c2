import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ListWaitingWorkflowStepsCommand } from '@aws-sdk/client-imagebuilder';
import { marshall } from '@aws-sdk/util-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApprovalRecord } from '../../../../functions/ami-approval/domain/approval-record.ts';
import { sweepApprovals } from '../../../../functions/ami-approval/sweep-approvals/sweep-approvals.ts';
import { answerSubscription, clients, fakeInvocation, keep, openAccount, sweepConfig } from '../account.ts';
import { ANN, approval, BEN, CEM, imageArn, subject, voted } from '../approvals.ts';
import { pendingRequest, STEP } from '../requests.ts';

beforeEach(openAccount);

describe('the sweep', () => {
  const config = { ...sweepConfig, required: 2 };

  it('reads every page of open requests and of waiting steps', async () => {
    const due = (n: number): ApprovalRecord =>
      approval({ status: 'approved', image: String(n), subject: subject({ imageArn: `${imageArn}${n}` }) });
    clients.dynamo
      .on(QueryCommand, { IndexName: 'OpenRequests' })
      .callsFake(async ({ ExclusiveStartKey: start }) => {
        const page = Number(start?.page.N ?? 0);
        const Items = Array.from({ length: 5 }, (_, i) =>
          marshall(due(page * 5 + i), { removeUndefinedValues: true }),
        );
        return { Items, ...(page < 2 && { LastEvaluatedKey: { page: { N: String(page + 1) } } }) };
      });
    const step = (n: number) => ({
      stepExecutionId: `step-0000000${n}-0000-4000-8000-000000000001`,
      imageBuildVersionArn: imageArn,
      name: 'ApproveImage',
    });
    clients.imageBuilder
      .on(ListWaitingWorkflowStepsCommand)
      .resolvesOnce({ steps: [step(1)], nextToken: 'more' })
      .resolves({ steps: [step(2), {}] });
    const { invocation } = fakeInvocation();
    expect(await sweepApprovals(config, invocation)).toEqual({ open: 15, requeued: 17 });
    const batches = clients.events
      .commandCalls(PutEventsCommand)
      .map(({ args }) => args[0].input.Entries?.length);
    expect(batches).toEqual([10, 7]);
  });

  it('does not look up a step that has an open request', async () => {
    keep(approval({ part: STEP }));
    const steps = [{ stepExecutionId: STEP, imageBuildVersionArn: imageArn, name: 'ApproveImage' }];
    clients.imageBuilder.on(ListWaitingWorkflowStepsCommand).resolves({ steps });
    await sweepApprovals(config, fakeInvocation().invocation);
    const partitions = clients.dynamo
      .commandCalls(QueryCommand)
      .map(({ args }) => args[0].input.ExpressionAttributeValues?.[':image']?.S);
    expect(partitions).toEqual([undefined, 'approvers']);
  });

  it('finds a request whose quorum was lowered to the approvals that it has, and one with a new approver', async () => {
    keep(approval({ history: [voted(ANN, 'approve')] }));
    clients.imageBuilder.on(ListWaitingWorkflowStepsCommand).resolves({});
    answerSubscription('eve@example.com', 'arn:aws:sns:eu-west-1:123456789012:eve:1');
    const next = async (more: object): Promise<unknown> => {
      clients.events.resetHistory();
      await sweepApprovals({ ...config, ...more }, fakeInvocation().invocation);
      const [call] = clients.events.commandCalls(PutEventsCommand);
      return call && JSON.parse(call.args[0].input.Entries?.[0]?.Detail ?? '').next;
    };
    expect(await next({})).toBeUndefined();
    expect(await next({ required: 1 })).toBe('act');
    expect(await next({ required: 1, approvers: [BEN, CEM] })).toBeUndefined();
    expect(await next({ approvers: [ANN, BEN, CEM, 'eve@example.com'] })).toBe('ask');
  });

  it('counts a waiting step without a request, so that a person hears of it, and no other step', async () => {
    const steps = [{ stepExecutionId: STEP, imageBuildVersionArn: imageArn, name: 'ApproveImage' }];
    clients.imageBuilder.on(ListWaitingWorkflowStepsCommand).resolves({ steps });
    const missed = fakeInvocation();
    await sweepApprovals(config, missed.invocation);
    keep(approval({ part: STEP }));
    const asked = fakeInvocation();
    await sweepApprovals(config, asked.invocation);
    expect([missed.book.counts.StepNotAsked, asked.book.counts.StepNotAsked]).toEqual([1, undefined]);
    expect(missed.book.lines.map(({ message }) => message)).toContain(
      'request opened for a waiting step: its event was lost',
    );
  });

  it('publishes nothing if nothing is due', async () => {
    await pendingRequest();
    clients.imageBuilder.on(ListWaitingWorkflowStepsCommand).resolves({});
    expect(await sweepApprovals(config, fakeInvocation().invocation)).toEqual({ open: 1, requeued: 0 });
    expect(clients.events.calls()).toHaveLength(0);
  });

  it('only reads in a dry run', async () => {
    keep(approval({ status: 'approved' }));
    clients.imageBuilder.on(ListWaitingWorkflowStepsCommand).resolves({});
    const { invocation, book } = fakeInvocation();
    await sweepApprovals({ ...config, dryRun: true }, invocation);
    expect(clients.events.calls()).toHaveLength(0);
    expect(book.lines).toMatchObject([{ message: 'request requeued', fields: { dryRun: true } }]);
  });
});
