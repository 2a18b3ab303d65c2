import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { beforeEach, describe, expect, it } from 'vitest';
import { decideApproval } from '../../../../functions/ami-approval/decide-approval/decide-approval.ts';
import type { HttpRequest } from '../../../../shared/events/http.ts';
import {
  clients,
  decideConfig,
  fakeInvocation,
  keep,
  openAccount,
  refusal,
  sentMails,
  stored,
  tokenIn,
} from '../account.ts';
import { ANN, BEN, CEM, NOW, voted } from '../approvals.ts';
import { httpRequest, pendingRequest } from '../requests.ts';

beforeEach(openAccount);

describe('a request to a link', () => {
  const config = decideConfig;

  async function link(): Promise<string> {
    await pendingRequest();
    return tokenIn(sentMails().find(({ to }) => to.includes(ANN))?.text ?? '');
  }

  it.each<[string, Partial<HttpRequest>, number]>([
    [
      'a form of another site',
      { headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' } },
      403,
    ],
    ['JSON', { headers: { 'content-type': 'application/json' } }, 403],
    ['no content type', { headers: {} }, 403],
    ['PUT', { method: 'PUT' }, 405],
    ['a wrong code', { body: 'decision=approve&code=abcdef' }, 422],
    ['an unreadable form', { body: '%%%&&&===' }, 422],
    ['an empty form', { body: '' }, 422],
  ])('writes nothing for %s', async (_, more, status) => {
    const token = await link();
    clients.dynamo.resetHistory();
    const response = await decideApproval(httpRequest(token, more), config, fakeInvocation().invocation);
    expect(response.status).toBe(status);
    expect(clients.dynamo.commandCalls(PutItemCommand)).toHaveLength(0);
    expect(clients.events.calls()).toHaveLength(0);
  });

  const signIn = { ...config, requiresSignIn: true };

  it.each<[string, HttpRequest['claims'], RegExp]>([
    ['nobody', undefined, /no verified email address/],
    ['an address that is not verified', { email: ANN, email_verified: 'false' }, /no verified email/],
    ['another approver', { email: BEN, email_verified: 'true' }, /signed in as ben@example.com/],
  ])('shows and counts nothing where people sign in, for %s', async (_, claims, text) => {
    const token = await link();
    for (const method of ['GET', 'POST']) {
      const request = httpRequest(token, { method, ...(claims && { claims }) });
      const { status, body } = await decideApproval(request, signIn, fakeInvocation().invocation);
      expect([status, body]).toEqual([403, expect.stringMatching(text)]);
      expect(body).not.toContain('web-server');
    }
    expect(stored().history.map(({ what }) => what)).toEqual(['asked']);
  });

  it.each<[string, string | boolean]>([
    ['Ann@Example.com', 'true'],
    [ANN, true],
  ])('counts the vote of %s who signed in', async (email, isVerified) => {
    const token = await link();
    const request = httpRequest(token, { claims: { email, email_verified: isVerified } });
    const { status } = await decideApproval(request, signIn, fakeInvocation().invocation);
    expect(status).toBe(303);
    expect(stored().history.at(-1)).toMatchObject({ what: 'approve', who: ANN, signedInAs: email });
  });

  it('says that nothing was decided by a form of another site', async () => {
    const token = await link();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' };
    const { status, body } = await decideApproval(
      httpRequest(token, { headers }),
      config,
      fakeInvocation().invocation,
    );
    expect(status).toBe(403);
    expect(body).toMatch(/role="alert">Nothing was decided: the form was not sent from this page/);
  });

  it('saves a comment with the approval', async () => {
    const token = await link();
    const body = 'decision=approve&code=f60718&comment=tested+by+hand';
    await decideApproval(httpRequest(token, { body }), config, fakeInvocation().invocation);
    expect(stored().history.at(-1)).toMatchObject({ what: 'approve', who: ANN, why: 'tested by hand' });
  });

  it('reads nothing if the path cannot be a link', async () => {
    await link();
    clients.dynamo.resetHistory();
    for (const token of ['', 'x', 'x'.repeat(44), `${'x'.repeat(42)}/`, "' OR 1=1 --".padEnd(43, '-')]) {
      expect((await decideApproval(httpRequest(token), config, fakeInvocation().invocation)).status).toBe(
        404,
      );
    }
    expect(clients.dynamo.calls()).toHaveLength(0);
  });

  it('does not count in a round that opens between the read and the write', async () => {
    const token = await link();
    const next = { ...stored(), revision: 'r2', round: 2 };
    const approvers = next.approvers.map(({ address }) => ({ address, tokenHash: 'f'.repeat(64) }));
    clients.dynamo.on(PutItemCommand).callsFake(async () => {
      keep({ ...next, approvers });
      throw refusal('ConditionalCheckFailedException');
    });
    const response = await decideApproval(httpRequest(token), config, fakeInvocation().invocation);
    expect(response.status).toBe(404);
    expect(stored().history.map(({ what }) => what)).toEqual(['asked']);
  });

  it('shows names and reasons as text, not as markup', async () => {
    const token = await link();
    const markup = '<img src=x onerror=alert(1)>"\'&';
    const record = stored();
    keep({
      ...record,
      required: 2,
      subject: {
        ...record.subject,
        name: markup,
        recipients: [markup],
        alreadyShared: [markup],
        details: [[markup, markup]],
        amis: [{ region: markup, id: markup, name: markup }],
      },
      why: markup,
      history: [{ at: NOW, round: 1, what: 'approve', who: markup, why: markup }],
    });
    const { body = '' } = await decideApproval(
      httpRequest(token, { method: 'GET' }),
      config,
      fakeInvocation().invocation,
    );
    expect(body).not.toContain('<img');
    expect(body).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
    const wrong = await decideApproval(
      httpRequest(token, { body: `decision=approve&code=${encodeURIComponent(markup)}` }),
      config,
      fakeInvocation().invocation,
    );
    expect(wrong.body).not.toContain('<img');
  });

  it('publishes the decision on a second click if the first one crashed before that', async () => {
    const token = await link();
    clients.events
      .on(PutEventsCommand)
      .rejectsOnce(refusal('InternalFailure', 500))
      .resolves({ FailedEntryCount: 0 });
    const { invocation } = fakeInvocation();
    await expect(decideApproval(httpRequest(token), config, invocation)).rejects.toThrow();
    expect((await decideApproval(httpRequest(token), config, invocation)).status).toBe(303);
    expect(clients.events.commandCalls(PutEventsCommand)).toHaveLength(2);
    expect(stored().history.filter(({ what }) => what === 'approve')).toHaveLength(1);
  });

  it('fails if EventBridge refuses the event in a response with status 200', async () => {
    const token = await link();
    clients.events
      .on(PutEventsCommand)
      .resolves({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalException' }] });
    await expect(decideApproval(httpRequest(token), config, fakeInvocation().invocation)).rejects.toThrow(
      'PutEvents refused an event: InternalException',
    );
  });

  it('is invalid for a person who is no longer an approver', async () => {
    const token = await link();
    const response = await decideApproval(
      httpRequest(token),
      { ...config, approvers: [BEN] },
      fakeInvocation().invocation,
    );
    expect(response.status).toBe(404);
    expect(stored().history.map(({ what }) => what)).toEqual(['asked']);
  });

  it('does not count the approval of somebody who has left', async () => {
    const token = await link();
    const two = { ...config, required: 2 };
    keep({ ...stored(), required: 2, history: [...stored().history, voted(BEN, 'approve')] });
    await decideApproval(httpRequest(token), { ...two, approvers: [ANN, CEM] }, fakeInvocation().invocation);
    expect([stored().status, stored().approvers.map(({ address }) => address)]).toEqual([
      'pending',
      [ANN, CEM],
    ]);
  });

  it.each([
    [1, 3, 'approved'],
    [3, 1, 'pending'],
  ])('decides by %i approvals at once, although the request asked for %i', async (now, then, status) => {
    const token = await link();
    keep({ ...stored(), required: then });
    await decideApproval(httpRequest(token), { ...config, required: now }, fakeInvocation().invocation);
    expect(stored().status).toBe(status);
  });
});
