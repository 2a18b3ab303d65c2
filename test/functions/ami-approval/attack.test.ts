import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetImageCommand,
  GetWorkflowStepExecutionCommand,
  ListWaitingWorkflowStepsCommand,
  SendWorkflowStepActionCommand,
} from '@aws-sdk/client-imagebuilder';
import { PublishCommand } from '@aws-sdk/client-sns';
import { marshall } from '@aws-sdk/util-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { decideApproval } from '../../../functions/ami-approval/decide-approval/decide-approval.ts';
import { type Approval, keyOf } from '../../../functions/ami-approval/domain/approval-record.ts';
import { executeApproval } from '../../../functions/ami-approval/execute-approval/execute-approval.ts';
import { requestApproval } from '../../../functions/ami-approval/request-approval/request-approval.ts';
import { sweepApprovals } from '../../../functions/ami-approval/sweep-approvals/sweep-approvals.ts';
import type { HttpRequest } from '../../../shared/events/http.ts';
import {
  clients,
  executeConfig,
  fakeInvocation,
  image,
  keep,
  letters,
  lostAnswer,
  openAccount,
  refusal,
  requestConfig,
  stored,
  table,
  tokenIn,
} from './account.ts';
import { ANN, approval, BEN, imageArn, NOW, subject } from './approvals.ts';

const STEP = 'step-0a1b2c3d-0000-4000-8000-000000000001';
const built = { kind: 'built', imageArn } as const;
const waiting = { kind: 'waiting', imageArn, stepExecutionId: STEP } as const;
const act = { next: 'act', imageArn } as const;

beforeEach(openAccount);

async function asked(): Promise<Approval> {
  await requestApproval([built], requestConfig, fakeInvocation().invocation);
  return stored();
}

async function approved(): Promise<Approval> {
  const record = await asked();
  const history = [...record.history, { at: NOW, round: 1, what: 'approve', who: ANN } as const];
  clients.sns.resetHistory();
  return keep({ ...record, status: 'approved', decidedAt: NOW, history });
}

function request(token: string, more: Partial<HttpRequest> = {}): HttpRequest {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const params = { image: keyOf(imageArn).image, token };
  return {
    method: 'POST',
    path: '/',
    route: '',
    params,
    query: new URLSearchParams(),
    headers,
    body: 'decision=approve&code=f60718',
    sourceIp: '203.0.113.7',
    userAgent: 'Firefox',
    requestId: 'r',
    ...more,
  };
}

describe('a token', () => {
  it('is in its mail and in no other call, record, event or line', async () => {
    const { invocation, book } = fakeInvocation();
    await requestApproval([built], requestConfig, invocation);
    const tokens = letters().map(({ text }) => tokenIn(text));
    expect(new Set(tokens).size).toBe(3);
    const decision = await decideApproval(request(tokens[0] ?? ''), { table: 'approvals' }, invocation);
    expect(decision.status).toBe(303);
    await executeApproval(act, executeConfig, invocation);
    expect(stored().status).toBe('shared');
    const { sns, ...others } = clients;
    const sent = Object.values(others).flatMap((client) => client.calls().map(({ args }) => args[0].input));
    const end = letters().slice(3);
    const said = JSON.stringify([sent, [...table], book.lines, end]);
    for (const token of tokens) expect(said).not.toContain(token);
    for (const [i, { text }] of letters().slice(0, 3).entries()) {
      expect(tokens.filter((token) => text.includes(token))).toEqual([tokens[i]]);
    }
  });

  it('of a mail that SNS refused is worth nothing, and its approver gets another', async () => {
    clients.sns.on(PublishCommand).callsFake(async ({ MessageAttributes }) => {
      if (MessageAttributes.approver.StringValue.includes(BEN)) throw refusal('Throttling');
      return { MessageId: 'm' };
    });
    const { invocation } = fakeInvocation();
    await expect(requestApproval([built], requestConfig, invocation)).rejects.toThrow(
      '1 invitations were refused',
    );
    const first = letters().find(({ to }) => to.includes(BEN));
    clients.sns.resetHistory();
    clients.sns.on(PublishCommand).resolves({ MessageId: 'm' });
    await requestApproval([built], requestConfig, invocation);
    expect(letters().map(({ to }) => to)).toEqual([JSON.stringify([BEN])]);
    const stale = await decideApproval(
      request(tokenIn(first?.text ?? '')),
      { table: 'approvals' },
      invocation,
    );
    const fresh = await decideApproval(
      request(tokenIn(letters()[0]?.text ?? '')),
      { table: 'approvals' },
      invocation,
    );
    expect([stale.status, fresh.status]).toEqual([404, 303]);
  });

  it('of a mail whose answer was lost stays, and no second mail goes out', async () => {
    clients.sns.on(PublishCommand).rejects(lostAnswer());
    const { invocation, book } = fakeInvocation();
    await requestApproval([built], requestConfig, invocation);
    await requestApproval([built], requestConfig, invocation);
    expect(book.counts.NoticeUncertain).toBe(3);
    expect(letters()).toHaveLength(3);
  });
});

describe('asking', () => {
  it.each<[string, object, string]>([
    ['a container image', { type: 'DOCKER' }, 'it is no AMI but DOCKER'],
    ['an image that is being tested again', { state: { status: 'TESTING' } }, 'it is TESTING'],
    ['an image without AMIs', { outputResources: undefined }, 'it has no AMI in this account'],
    [
      'an image whose AMIs are elsewhere',
      { outputResources: { amis: [{ region: 'x', image: 'ami-1', accountId: '9' }] } },
      'it has no AMI in this account',
    ],
  ])('is not done about %s', async (_, more, why) => {
    clients.imageBuilder.on(GetImageCommand).resolves({ image: { ...image, ...more } });
    expect(await requestApproval([built], requestConfig, fakeInvocation().invocation)).toEqual({
      outcomes: [why],
    });
    expect([table.size, letters().length]).toEqual([0, 0]);
  });

  it('is not done where there is nobody to share with, and at a step all the same', async () => {
    const none = { accounts: [], organizations: [], organizationalUnits: [], copying: [] };
    const config = { ...requestConfig, targets: none };
    const { invocation } = fakeInvocation();
    expect(await requestApproval([built], config, invocation)).toEqual({
      outcomes: ['there is nobody to share it with'],
    });
    clients.imageBuilder.on(GetWorkflowStepExecutionCommand).resolves({ status: 'RUNNING', name: 'Hold' });
    expect(await requestApproval([waiting], config, invocation)).toEqual({ outcomes: ['asked'] });
  });

  it.each(['COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED'] as const)(
    'is not done at a step that is %s',
    async (status) => {
      clients.imageBuilder.on(GetWorkflowStepExecutionCommand).resolves({ status });
      const { outcomes } = (await requestApproval([waiting], requestConfig, fakeInvocation().invocation)) as {
        outcomes: string[];
      };
      expect(outcomes).toEqual([`its step is ${status} and does not wait`]);
    },
  );

  it('ends with the step, however long it may be open otherwise', async () => {
    const startTime = new Date(NOW - 3_600_000).toISOString();
    clients.imageBuilder
      .on(GetWorkflowStepExecutionCommand)
      .resolves({ status: 'RUNNING', startTime, timeoutSeconds: 7200 });
    await requestApproval([waiting], requestConfig, fakeInvocation().invocation);
    expect(stored().expiresAt).toBe(NOW + 3_600_000 - 300_000);
  });

  it('fails loudly where nobody could ever approve', async () => {
    const { invocation } = fakeInvocation();
    await expect(requestApproval([built], { ...requestConfig, approvers: [] }, invocation)).rejects.toThrow(
      'can never be approved',
    );
    await expect(requestApproval([built], { ...requestConfig, required: 4 }, invocation)).rejects.toThrow(
      'it takes 4 approvals and 3',
    );
    expect(table.size).toBe(0);
  });

  it('writes and mails nothing in a dry run', async () => {
    const { invocation, book } = fakeInvocation();
    const config = { ...requestConfig, dryRun: true };
    const scanned = {
      kind: 'scanned',
      imageArn,
      counts: { all: 1, critical: 1, high: 0, medium: 0 },
      at: NOW,
    } as const;
    await requestApproval([built, scanned, { kind: 'broken', imageArn, reason: 'x' }], config, invocation);
    expect([table.size, letters().length]).toEqual([0, 0]);
    expect(book.lines.map(({ message }) => message).join()).toMatch(
      /dry run: would ask ann@example.com.*dry run.*dry run/s,
    );
  });

  it('goes on by hand after a round that is over, once', async () => {
    const { open: _open, ...record } = await asked();
    keep({ ...record, status: 'rejected' });
    const { invocation } = fakeInvocation();
    const again = { kind: 'due', due: { next: 'ask', imageArn, after: 1 } } as const;
    expect(await requestApproval([again], requestConfig, invocation)).toEqual({ outcomes: ['asked'] });
    expect(await requestApproval([again], requestConfig, invocation)).toEqual({
      outcomes: ['it is pending in round 2'],
    });
    expect([stored().round, letters().length]).toEqual([2, 6]);
  });

  it('survives names that no mail header takes', async () => {
    clients.imageBuilder
      .on(GetImageCommand)
      .resolves({ image: { ...image, name: `wéb\r\nBcc: x ${'y'.repeat(300)} 🚀` } });
    await requestApproval([built], requestConfig, fakeInvocation().invocation);
    for (const { subject: line } of letters()) expect(line).toMatch(/^[\x20-\x7e]{1,99}$/);
  });
});

describe('a visit', () => {
  const config = { table: 'approvals' };

  async function link(): Promise<string> {
    await asked();
    return tokenIn(letters().find(({ to }) => to.includes(ANN))?.text ?? '');
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
    ['garbage', { body: '%%%&&&===' }, 422],
    ['nothing', { body: '' }, 422],
  ])('with %s writes nothing', async (_, more, status) => {
    const token = await link();
    clients.dynamo.resetHistory();
    const answer = await decideApproval(request(token, more), config, fakeInvocation().invocation);
    expect(answer.status).toBe(status);
    expect(clients.dynamo.commandCalls(PutItemCommand)).toHaveLength(0);
    expect(clients.events.calls()).toHaveLength(0);
  });

  it('that cannot be one of ours reads nothing', async () => {
    await link();
    clients.dynamo.resetHistory();
    for (const token of ['', 'x', 'x'.repeat(44), `${'x'.repeat(42)}/`, "' OR 1=1 --".padEnd(43, '-')]) {
      expect((await decideApproval(request(token), config, fakeInvocation().invocation)).status).toBe(404);
    }
    expect(clients.dynamo.calls()).toHaveLength(0);
  });

  it('does not count in a round that began between its look and its write', async () => {
    const token = await link();
    const next = { ...stored(), revision: 'r2', round: 2 };
    const approvers = next.approvers.map(({ address }) => ({ address, tokenHash: 'f'.repeat(64) }));
    clients.dynamo.on(PutItemCommand).callsFake(async () => {
      keep({ ...next, approvers });
      throw refusal('ConditionalCheckFailedException');
    });
    const answer = await decideApproval(request(token), config, fakeInvocation().invocation);
    expect(answer.status).toBe(404);
    expect(stored().history.map(({ what }) => what)).toEqual(['asked']);
  });

  it('shows what people and AWS wrote as text', async () => {
    const token = await link();
    const nasty = '<img src=x onerror=alert(1)>"\'&';
    const record = stored();
    keep({
      ...record,
      required: 2,
      subject: {
        ...record.subject,
        name: nasty,
        recipients: [nasty],
        distributed: [nasty],
        facts: [[nasty, nasty]],
        amis: [{ region: nasty, id: nasty, name: nasty }],
      },
      why: nasty,
      history: [{ at: NOW, round: 1, what: 'approve', who: nasty, why: nasty }],
    });
    const { body = '' } = await decideApproval(
      request(token, { method: 'GET' }),
      config,
      fakeInvocation().invocation,
    );
    expect(body).not.toContain('<img');
    expect(body).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
    const wrong = await decideApproval(
      request(token, { body: `decision=approve&code=${encodeURIComponent(nasty)}` }),
      config,
      fakeInvocation().invocation,
    );
    expect(wrong.body).not.toContain('<img');
  });

  it('hands a decision on again when the first click died before it did', async () => {
    const token = await link();
    clients.events
      .on(PutEventsCommand)
      .rejectsOnce(refusal('InternalFailure', 500))
      .resolves({ FailedEntryCount: 0 });
    const { invocation } = fakeInvocation();
    await expect(decideApproval(request(token), config, invocation)).rejects.toThrow();
    expect((await decideApproval(request(token), config, invocation)).status).toBe(303);
    expect(clients.events.commandCalls(PutEventsCommand)).toHaveLength(2);
    expect(stored().history.filter(({ what }) => what === 'approve')).toHaveLength(1);
  });

  it('sees an event that EventBridge refused in an answer of 200', async () => {
    const token = await link();
    clients.events
      .on(PutEventsCommand)
      .resolves({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalException' }] });
    await expect(decideApproval(request(token), config, fakeInvocation().invocation)).rejects.toThrow(
      '1 of 1 events were refused',
    );
  });
});

describe('carrying out', () => {
  it('waits until EC2 shows what was added', async () => {
    await approved();
    clients.ec2
      .on(DescribeImageAttributeCommand)
      .resolvesOnce({ LaunchPermissions: [] })
      .resolves({ LaunchPermissions: [{ Group: 'all' }, { UserId: '111122223333' }] });
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    const [share] = Object.values(stored().shares);
    expect(share).toMatchObject({
      result: 'shared',
      remarks: ['it is shared with everybody (public) already'],
    });
  });

  it('does not believe what it cannot read back', async () => {
    await approved();
    clients.ec2
      .on(DescribeImageAttributeCommand)
      .resolves({ LaunchPermissions: [{ UserId: '999999999999' }] });
    await expect(executeApproval(act, executeConfig, fakeInvocation().invocation)).rejects.toThrow(
      'could not be carried out yet',
    );
    expect([stored().status, stored().open, stored().leaseUntil]).toEqual(['approved', 'open', undefined]);
    expect(letters()).toEqual([]);
  });

  it('shares nothing when the settings name somebody else now', async () => {
    await approved();
    const config = { ...executeConfig, targets: { ...executeConfig.targets, accounts: ['666666666666'] } };
    await executeApproval(act, config, fakeInvocation().invocation);
    expect(clients.ec2.calls()).toHaveLength(0);
    expect([stored().status, stored().why]).toEqual([
      'outdated',
      'whom it is to be shared with changed after the approval was asked for',
    ]);
    const [event] = clients.events
      .commandCalls(PutEventsCommand)
      .map(({ args }) => args[0].input.Entries?.[0]);
    expect(JSON.parse(event?.Detail ?? '')).toEqual({ next: 'ask', imageArn, after: 1 });
  });

  it('says once more that it is outdated when whoever found out died before saying so', async () => {
    keep({ ...(await approved()), status: 'outdated' });
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    expect(clients.events.commandCalls(PutEventsCommand)).toHaveLength(1);
  });

  it('looks for the AMI among its own, by id', async () => {
    await approved();
    clients.ec2.on(DescribeImagesCommand).resolves({ Images: [] });
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    const [call] = clients.ec2.commandCalls(DescribeImagesCommand);
    expect(call?.args[0].input).toEqual({ ImageIds: ['ami-0a1b2c3d4e5f60718'], Owners: ['self'] });
    expect(stored().status).toBe('failed');
    expect(clients.ec2.commandCalls(ModifyImageAttributeCommand)).toHaveLength(0);
  });

  it('ends when AWS says no, with its words, for the approvers', async () => {
    await approved();
    clients.ec2.on(ModifyImageAttributeCommand).rejects(refusal('UnauthorizedOperation', 403));
    const { invocation, book } = fakeInvocation();
    await executeApproval(act, executeConfig, invocation);
    expect(stored()).toMatchObject({ status: 'failed', why: '1 of 1 AMIs could not be shared' });
    expect(letters()).toMatchObject([
      { topic: 'arn:approvers', text: expect.stringContaining('UnauthorizedOperation') },
    ]);
    expect(book.lines.find(({ level }) => level === 'error')?.message).toBe(
      'an approval could not be carried out',
    );
  });

  it('gives up after a day, and says so', async () => {
    const record = await approved();
    keep({ ...record, decidedAt: NOW - 90_000_000 });
    clients.imageBuilder.on(GetImageCommand).rejects(refusal('ServiceUnavailableException', 503));
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    expect(stored()).toMatchObject({
      status: 'failed',
      why: expect.stringMatching(/failed for a day.*ServiceUnavailable/),
    });
  });

  it('mails again what SNS refused, and nothing twice', async () => {
    await approved();
    clients.sns.on(PublishCommand).rejectsOnce(refusal('Throttling')).resolves({ MessageId: 'm' });
    const { invocation } = fakeInvocation();
    await expect(executeApproval(act, executeConfig, invocation)).rejects.toThrow('was refused by SNS');
    expect([stored().status, stored().open, stored().notice]).toEqual(['shared', 'open', 'due']);
    for (const _ of [1, 2]) await executeApproval(act, executeConfig, invocation);
    expect(letters()).toHaveLength(2);
    expect('open' in stored()).toBe(false);
    expect(clients.ec2.commandCalls(ModifyImageAttributeCommand)).toHaveLength(1);
  });

  it('gives a mail up that SNS refuses for a day', async () => {
    const { open: _open, ...record } = await approved();
    keep({ ...record, open: 'open', status: 'shared', notice: 'due', decidedAt: NOW - 90_000_000 });
    const { invocation, book } = fakeInvocation();
    await executeApproval(act, executeConfig, invocation);
    expect([letters().length, stored().notice, 'open' in stored()]).toEqual([0, 'claimed', false]);
    expect(book.lines.map(({ message }) => message)).toContain(
      'SNS has refused a mail for a day; it is given up',
    );
  });

  it('closes what could not be asked about again for a day', async () => {
    keep({ ...(await approved()), status: 'outdated', why: 'its AMIs changed', decidedAt: NOW - 90_000_000 });
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    expect(stored()).toMatchObject({
      status: 'failed',
      why: 'its AMIs changed, and it could not be asked about again',
    });
    expect(letters()).toHaveLength(1);
  });

  it('leaves alone what somebody else is at, and comes again', async () => {
    keep({ ...(await approved()), leaseUntil: NOW + 1 });
    await expect(executeApproval(act, executeConfig, fakeInvocation().invocation)).rejects.toThrow(
      'somebody else is acting',
    );
    expect(clients.ec2.calls()).toHaveLength(0);
  });

  it('does nothing for an event about nothing, or about what is open for votes', async () => {
    const { invocation } = fakeInvocation();
    expect(await executeApproval(act, executeConfig, invocation)).toEqual({ outcome: 'no such request' });
    await asked();
    clients.sns.resetHistory();
    expect(await executeApproval(act, executeConfig, invocation)).toEqual({ outcome: 'it is pending' });
    expect([clients.ec2.calls().length, letters().length]).toEqual([0, 0]);
  });

  it('only looks in a dry run', async () => {
    await approved();
    clients.dynamo.resetHistory();
    await executeApproval(act, { ...executeConfig, dryRun: true }, fakeInvocation().invocation);
    expect(clients.dynamo.commandCalls(PutItemCommand)).toHaveLength(0);
    expect([clients.ec2.calls().length, clients.events.calls().length]).toEqual([0, 0]);
  });
});

describe('answering a step', () => {
  const gate = { stepExecutionId: STEP, name: 'Hold' };

  async function atGate(): Promise<void> {
    clients.imageBuilder.on(GetWorkflowStepExecutionCommand).resolves({ status: 'RUNNING', name: 'Hold' });
    await requestApproval([waiting], requestConfig, fakeInvocation().invocation);
    keep({ ...stored(), status: 'approved', decidedAt: NOW });
    clients.sns.resetHistory();
  }
  const actAtGate = { ...act, stepExecutionId: gate.stepExecutionId };

  it('is done when the step says that it got this very answer', async () => {
    await atGate();
    clients.imageBuilder.on(SendWorkflowStepActionCommand).rejects(refusal('InvalidRequestException'));
    const outputs = JSON.stringify({ action: 'RESUME', reason: 'x' });
    clients.imageBuilder.on(GetWorkflowStepExecutionCommand).resolves({ status: 'COMPLETED', outputs });
    await executeApproval(actAtGate, executeConfig, fakeInvocation().invocation);
    expect(stored().status).toBe('resumed');
  });

  it('comes again while the step is busy', async () => {
    await atGate();
    clients.imageBuilder.on(SendWorkflowStepActionCommand).rejects(refusal('ResourceInUseException'));
    await expect(executeApproval(actAtGate, executeConfig, fakeInvocation().invocation)).rejects.toThrow(
      'not be carried out yet',
    );
    expect(stored().status).toBe('approved');
  });

  it('has failed when it got another', async () => {
    await atGate();
    clients.imageBuilder.on(SendWorkflowStepActionCommand).rejects(refusal('InvalidRequestException'));
    const outputs = JSON.stringify({ action: 'STOP', reason: 'by hand' });
    clients.imageBuilder.on(GetWorkflowStepExecutionCommand).resolves({ status: 'FAILED', outputs });
    await executeApproval(actAtGate, executeConfig, fakeInvocation().invocation);
    expect(stored()).toMatchObject({
      status: 'failed',
      why: expect.stringContaining('Hold could not be answered'),
    });
  });

  it('is not done when the image is no longer what was approved', async () => {
    await atGate();
    const distributionConfiguration = {
      timeoutMinutes: 1,
      distributions: [
        {
          region: 'eu-west-1',
          amiDistributionConfiguration: { launchPermission: { userIds: ['999999999999'] } },
        },
      ],
    };
    clients.imageBuilder.on(GetImageCommand).resolves({ image: { ...image, distributionConfiguration } });
    await executeApproval(actAtGate, executeConfig, fakeInvocation().invocation);
    expect(stored().status).toBe('outdated');
    expect(clients.imageBuilder.commandCalls(SendWorkflowStepActionCommand)).toHaveLength(0);
  });

  it('is no reason to keep a rejection open', async () => {
    await atGate();
    keep({ ...stored(), status: 'rejected' });
    clients.imageBuilder.on(SendWorkflowStepActionCommand).rejects(refusal('ResourceNotFoundException', 404));
    clients.imageBuilder
      .on(GetWorkflowStepExecutionCommand)
      .rejects(refusal('ResourceNotFoundException', 404));
    await executeApproval(actAtGate, executeConfig, fakeInvocation().invocation);
    expect(stored()).toMatchObject({ status: 'rejected', notice: 'claimed' });
    expect('open' in stored()).toBe(false);
  });
});

describe('sweeping', () => {
  const config = { table: 'approvals', dryRun: false };

  it('reads every page of open requests and of waiting steps', async () => {
    const due = (n: number): Approval =>
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
    });
    clients.imageBuilder
      .on(ListWaitingWorkflowStepsCommand)
      .resolvesOnce({ steps: [step(1)], nextToken: 'more' })
      .resolves({ steps: [step(2), {}] });
    const { invocation } = fakeInvocation();
    expect(await sweepApprovals(config, invocation)).toEqual({ open: 15, woken: 17 });
    const batches = clients.events
      .commandCalls(PutEventsCommand)
      .map(({ args }) => args[0].input.Entries?.length);
    expect(batches).toEqual([10, 7]);
  });

  it('looks up no step that has an open request', async () => {
    keep(approval({ part: STEP }));
    const steps = [{ stepExecutionId: STEP, imageBuildVersionArn: imageArn }];
    clients.imageBuilder.on(ListWaitingWorkflowStepsCommand).resolves({ steps });
    await sweepApprovals(config, fakeInvocation().invocation);
    expect(clients.dynamo.commandCalls(QueryCommand)).toHaveLength(1);
  });

  it('puts nothing where nothing is due', async () => {
    await asked();
    clients.imageBuilder.on(ListWaitingWorkflowStepsCommand).resolves({});
    expect(await sweepApprovals(config, fakeInvocation().invocation)).toEqual({ open: 1, woken: 0 });
    expect(clients.events.calls()).toHaveLength(0);
  });

  it('only looks in a dry run', async () => {
    keep(approval({ status: 'approved' }));
    clients.imageBuilder.on(ListWaitingWorkflowStepsCommand).resolves({});
    const { invocation, book } = fakeInvocation();
    await sweepApprovals({ ...config, dryRun: true }, invocation);
    expect(clients.events.calls()).toHaveLength(0);
    expect(book.lines.map(({ message }) => message)).toEqual(['dry run: would wake']);
  });
});

describe('a record that others keep writing', () => {
  it('is given up after some rounds, and comes again', async () => {
    await approved();
    clients.dynamo.on(PutItemCommand).rejects(refusal('ConditionalCheckFailedException'));
    await expect(executeApproval(act, executeConfig, fakeInvocation().invocation)).rejects.toThrow(
      'others kept writing it',
    );
  });

  it('is our own when it carries the revision whose answer was lost', async () => {
    await approved();
    let isFirst = true;
    const { dynamo } = clients;
    dynamo.on(PutItemCommand).callsFake(async ({ Item }) => {
      const record = { ...stored(), revision: Item.revision.S, leaseUntil: NOW + 55_000 };
      if (!isFirst) return {};
      isFirst = false;
      keep(record);
      throw refusal('ConditionalCheckFailedException');
    });
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    expect(clients.ec2.commandCalls(ModifyImageAttributeCommand)).toHaveLength(1);
  });
});
