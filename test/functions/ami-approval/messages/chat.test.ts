import { ListWaitingWorkflowStepsCommand } from '@aws-sdk/client-imagebuilder';
import { PublishCommand } from '@aws-sdk/client-sns';
import { beforeEach, describe, expect, it } from 'vitest';
import { executeApproval } from '../../../../functions/ami-approval/execute-approval/execute-approval.ts';
import { requestClosedChat } from '../../../../functions/ami-approval/messages/chat.ts';
import { requestApproval } from '../../../../functions/ami-approval/request-approval/request-approval.ts';
import { sweepApprovals } from '../../../../functions/ami-approval/sweep-approvals/sweep-approvals.ts';
import {
  answerSubscription,
  clients,
  executeConfig,
  fakeInvocation,
  openAccount,
  refusal,
  requestConfig,
  sentChats,
  sweepConfig,
  topicOf,
} from '../account.ts';
import { ANN, BEN, CEM, imageArn, NOW, states } from '../approvals.ts';
import { act, approvedRequest, pendingRequest } from '../requests.ts';

beforeEach(openAccount);

const HOUR = 3_600_000;
const thread = `ami-approval ${imageArn}`;
const due = { kind: 'due', due: { next: 'ask', imageArn, after: 1 } } as const;

describe('chat', () => {
  it('shows a request, a reminder and the end in one thread', async () => {
    await pendingRequest();
    await requestApproval([due], requestConfig, fakeInvocation(() => NOW + 40 * HOUR).invocation);
    await executeApproval(act, executeConfig, fakeInvocation(() => NOW + 73 * HOUR).invocation);

    expect(sentChats().map(({ content, metadata }) => [content.title, metadata.threadId])).toEqual([
      ['Approval requested: web-server 1.4.0/7', thread],
      ['Not decided yet: web-server 1.4.0/7', thread],
      ['web-server 1.4.0/7: not decided in time', thread],
    ]);
    const [opened, reminded] = sentChats().map(({ content }) => content.description);
    expect(opened).toContain(`It needs 1 of 3 approvals by`);
    expect(opened).toContain(`Asked: ${ANN}, ${BEN}, ${CEM}.`);
    expect(reminded).toContain(`0 of 1 approvals are there. No vote yet: ${ANN}, ${BEN}, ${CEM}.`);
  });

  it('names who is not asked, and who asked again and why', async () => {
    answerSubscription(BEN, undefined);
    await pendingRequest();
    const cancel = { kind: 'cancel', who: 'dan@example.com', why: 'wrong recipe' } as const;
    const { invocation } = fakeInvocation();
    await executeApproval({ imageArn, intervention: cancel }, executeConfig, invocation);
    const reopening = { who: 'dan@example.com', why: 'the recipe is right now' };
    await requestApproval([{ kind: 'ask again', imageArn, after: 1, reopening }], requestConfig, invocation);

    const texts = sentChats().map(({ content }) => `${content.title}\n${content.description}`);
    expect(
      texts.filter((text) => text.startsWith('AMI approvals: an approver cannot get mails')),
    ).toHaveLength(1);
    const asked = texts.filter((text) => text.startsWith('Approval requested'));
    expect(asked[0]).toContain(
      `Asked: ${ANN}, ${CEM}.\nNot asked, because their subscriptions are not confirmed: ${BEN}.`,
    );
    expect(asked[1]).toMatch(
      /, round 2: .*\n.*\nAsked again by dan@example.com: the recipe is right now\.\n/,
    );
  });

  it('shows a failed build and revoked links in the thread of the image', async () => {
    await requestApproval(
      [{ kind: 'build failed', imageArn, reason: 'SSM timed out' }],
      requestConfig,
      fakeInvocation().invocation,
    );
    await pendingRequest();
    const revoke = { kind: 'revoke links', approver: BEN, who: 'dan@example.com', why: 'forwarded' } as const;
    await executeApproval({ imageArn, intervention: revoke }, executeConfig, fakeInvocation().invocation);

    expect(sentChats().map(({ content, metadata }) => [content.title, metadata.threadId])).toEqual([
      ['Image build web-server 1.4.0/7 failed', thread],
      ['Approval requested: web-server 1.4.0/7', thread],
      ['web-server 1.4.0/7: links revoked', thread],
    ]);
  });

  it('shows once who cannot be reached', async () => {
    clients.imageBuilder.on(ListWaitingWorkflowStepsCommand).resolves({});
    for (const address of [ANN, BEN, CEM]) answerSubscription(address, 'PendingConfirmation');
    await sweepApprovals(sweepConfig, fakeInvocation().invocation);
    await sweepApprovals(sweepConfig, fakeInvocation().invocation);

    expect(sentChats().map(({ content }) => content.title)).toEqual([
      'AMI approvals: 3 approvers cannot get mails',
    ]);
  });

  it('shows the end once, although a mail about it is sent again', async () => {
    await approvedRequest();
    clients.sns.on(PublishCommand, { TopicArn: topicOf(BEN) }).rejects(refusal('Throttling'));
    await expect(executeApproval(act, executeConfig, fakeInvocation().invocation)).rejects.toThrow(
      'will be sent again',
    );
    await expect(executeApproval(act, executeConfig, fakeInvocation().invocation)).rejects.toThrow(
      'will be sent again',
    );

    expect(sentChats().map(({ content }) => content.title)).toEqual([
      'web-server 1.4.0/7: approved and shared',
    ]);
  });

  it.each(['shared', 'resumed', 'rejected', 'expired', 'cancelled', 'failed'])(
    'of a request that is %s has no link',
    (state) => {
      const record = states[state];
      if (!record) throw new Error(`there is no state ${state}`);

      expect(JSON.stringify(requestClosedChat(record))).not.toMatch(/https?:|\/approvals\//);
    },
  );
});
