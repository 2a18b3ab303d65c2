import { PublishCommand } from '@aws-sdk/client-sns';
import { beforeEach, describe, expect, it } from 'vitest';
import { decideApproval } from '../../../functions/ami-approval/decide-approval/decide-approval.ts';
import { executeApproval } from '../../../functions/ami-approval/execute-approval/execute-approval.ts';
import { requestApproval } from '../../../functions/ami-approval/request-approval/request-approval.ts';
import {
  clients,
  decideConfig,
  executeConfig,
  fakeInvocation,
  lostResponse,
  openAccount,
  refusal,
  requestConfig,
  sentChats,
  sentMails,
  stored,
  table,
  tokenIn,
  topicOf,
} from './account.ts';
import { BEN, imageArn, NOW } from './approvals.ts';
import { act, available, httpRequest } from './requests.ts';

beforeEach(openAccount);

describe('the token of a link', () => {
  it('is in its mail and in no other call, record, event or log line', async () => {
    const { invocation, book } = fakeInvocation();
    await requestApproval([available], requestConfig, invocation);
    const tokens = sentMails().map(({ text }) => tokenIn(text));
    expect(new Set(tokens).size).toBe(3);
    const decision = await decideApproval(httpRequest(tokens[0] ?? ''), decideConfig, invocation);
    expect(decision.status).toBe(303);
    await executeApproval(act, executeConfig, invocation);
    expect(stored().status).toBe('shared');
    const { sns, ...others } = clients;
    const sent = Object.values(others).flatMap((client) => client.calls().map(({ args }) => args[0].input));
    const closingMails = sentMails().slice(3);
    const texts = JSON.stringify([sent, [...table], book.lines, closingMails, sentChats()]);
    for (const token of tokens) expect(texts).not.toContain(token);
    expect(sentChats()).toHaveLength(2);
    expect(texts).not.toContain('/approvals/');
    for (const [i, { text }] of sentMails().slice(0, 3).entries()) {
      expect(tokens.filter((token) => text.includes(token))).toEqual([tokens[i]]);
    }
  });

  it('is invalid if SNS refused its mail, and the approver gets a new one', async () => {
    clients.sns.on(PublishCommand).callsFake(async ({ TopicArn }) => {
      if (TopicArn === topicOf(BEN)) throw refusal('Throttling');
      return { MessageId: 'm' };
    });
    const { invocation } = fakeInvocation();
    await expect(requestApproval([available], requestConfig, invocation)).rejects.toThrow(
      'SNS refused 1 of 3 invitations',
    );
    const first = sentMails().find(({ to }) => to.includes(BEN));
    clients.sns.resetHistory();
    clients.sns.on(PublishCommand).resolves({ MessageId: 'm' });
    await requestApproval([available], requestConfig, invocation);
    expect(sentMails().map(({ to }) => to)).toEqual([BEN]);
    const stale = await decideApproval(httpRequest(tokenIn(first?.text ?? '')), decideConfig, invocation);
    const fresh = await decideApproval(
      httpRequest(tokenIn(sentMails()[0]?.text ?? '')),
      decideConfig,
      invocation,
    );
    expect([stale.status, fresh.status]).toEqual([404, 303]);
  });

  it('of a reminder is valid next to the first one, and goes if SNS refused the reminder', async () => {
    const { invocation } = fakeInvocation();
    await requestApproval([available], requestConfig, invocation);
    const first = tokenIn(sentMails().find(({ to }) => to.includes(BEN))?.text ?? '');
    const later = fakeInvocation(() => NOW + 40 * 3_600_000).invocation;
    const due = { kind: 'due', due: { next: 'ask', imageArn, after: 1 } } as const;
    clients.sns.resetHistory();
    clients.sns.on(PublishCommand).rejects(refusal('Throttling'));
    await expect(requestApproval([due], requestConfig, later)).rejects.toThrow(
      'SNS refused 3 of 3 reminders',
    );
    const refused = tokenIn(sentMails()[0]?.text ?? '');
    clients.sns.resetHistory();
    clients.sns.on(PublishCommand).resolves({ MessageId: 'm' });
    expect(await requestApproval([due, due], requestConfig, later)).toEqual({
      outcomes: ['reminded', 'the request is pending in round 1'],
    });
    const reminder = tokenIn(sentMails().find(({ to }) => to.includes(BEN))?.text ?? '');
    expect([sentMails().length, sentMails()[0]?.subject]).toEqual([
      3,
      'Reminder: Approve AMI web-server 1.4.0/7?',
    ]);
    const statuses = [];
    for (const token of [refused, first, reminder]) {
      const page = await decideApproval(httpRequest(token, { method: 'GET' }), decideConfig, later);
      statuses.push(page.status);
    }
    expect(statuses).toEqual([404, 200, 200]);
  });

  it('stays valid if the response of SNS was lost, and no second mail is sent', async () => {
    clients.sns.on(PublishCommand).rejects(lostResponse());
    const { invocation, book } = fakeInvocation();
    await requestApproval([available], requestConfig, invocation);
    await requestApproval([available], requestConfig, invocation);
    expect(book.counts.NoticeUncertain).toBe(3);
    expect(sentMails()).toHaveLength(3);
  });
});
