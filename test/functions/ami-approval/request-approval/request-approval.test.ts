import {
  GetImageCommand,
  GetWorkflowStepExecutionCommand,
  ListImagePackagesCommand,
  ListWorkflowExecutionsCommand,
} from '@aws-sdk/client-imagebuilder';
import { beforeEach, describe, expect, it } from 'vitest';
import { requestApproval } from '../../../../functions/ami-approval/request-approval/request-approval.ts';
import {
  clients,
  fakeInvocation,
  image,
  keep,
  openAccount,
  refusal,
  requestConfig,
  sentMails,
  stored,
  table,
} from '../account.ts';
import { ANN, BEN, CEM, imageArn, NOW } from '../approvals.ts';
import { available, pendingRequest, waiting } from '../requests.ts';

beforeEach(openAccount);

describe('approval', () => {
  it.each<[string, object, string]>([
    ['a container image', { type: 'DOCKER' }, 'the image is of type DOCKER, not AMI'],
    [
      'an image that is being tested again',
      { state: { status: 'TESTING' } },
      'the image is TESTING, not AVAILABLE',
    ],
    ['an image without AMIs', { outputResources: undefined }, 'the image has no AMI in this account'],
    [
      'an image whose AMIs are in another account',
      { outputResources: { amis: [{ region: 'x', image: 'ami-1', accountId: '9' }] } },
      'the image has no AMI in this account',
    ],
  ])('is not requested for %s', async (_, more, why) => {
    clients.imageBuilder.on(GetImageCommand).resolves({ image: { ...image, ...more } });
    expect(await requestApproval([available], requestConfig, fakeInvocation().invocation)).toEqual({
      outcomes: [why],
    });
    expect([table.size, sentMails().length]).toEqual([0, 0]);
  });

  it('is requested without share targets only for a workflow step', async () => {
    const none = { accounts: [], organizations: [], organizationalUnits: [], copying: [] };
    const config = { ...requestConfig, targets: none };
    const { invocation } = fakeInvocation();
    expect(await requestApproval([available], config, invocation)).toEqual({
      outcomes: ['no share targets are configured'],
    });
    clients.imageBuilder
      .on(GetWorkflowStepExecutionCommand)
      .resolves({ status: 'RUNNING', name: 'ApproveImage' });
    expect(await requestApproval([waiting], config, invocation)).toEqual({ outcomes: ['requested'] });
  });

  it.each(['COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED'] as const)(
    'is not requested for a step that is %s',
    async (status) => {
      clients.imageBuilder.on(GetWorkflowStepExecutionCommand).resolves({ status, name: 'ApproveImage' });
      const { outcomes } = (await requestApproval([waiting], requestConfig, fakeInvocation().invocation)) as {
        outcomes: string[];
      };
      expect(outcomes).toEqual([`the workflow step is ${status}, not waiting`]);
    },
  );

  it('expires before its step times out', async () => {
    const startTime = new Date(NOW - 3_600_000).toISOString();
    clients.imageBuilder
      .on(GetWorkflowStepExecutionCommand)
      .resolves({ status: 'RUNNING', name: 'ApproveImage', startTime, timeoutSeconds: 7200 });
    await requestApproval([waiting], requestConfig, fakeInvocation().invocation);
    expect(stored().expiresAt).toBe(NOW + 3_600_000 - 300_000);
  });

  it('fails with a configuration error if it could never be given', async () => {
    const { invocation } = fakeInvocation();
    await expect(
      requestApproval([available], { ...requestConfig, approvers: [] }, invocation),
    ).rejects.toThrow('can never be approved');
    await expect(requestApproval([available], { ...requestConfig, required: 4 }, invocation)).rejects.toThrow(
      'it needs 4 approvals, but 3',
    );
    expect(table.size).toBe(0);
  });

  it('is not written and not mailed in a dry run', async () => {
    const { invocation, book } = fakeInvocation();
    const config = { ...requestConfig, dryRun: true };
    const findings = {
      kind: 'findings',
      imageArn,
      counts: { all: 1, critical: 1, high: 0, medium: 0 },
      at: NOW,
    } as const;
    await requestApproval(
      [available, findings, { kind: 'build failed', imageArn, reason: 'x' }],
      config,
      invocation,
    );
    expect([table.size, sentMails().length]).toEqual([0, 0]);
    expect(book.lines).toMatchObject([
      { message: 'approval requested', fields: { approvers: [ANN, BEN, CEM], dryRun: true } },
      { message: 'scan findings saved', fields: { dryRun: true } },
      { message: 'build failure reported', fields: { dryRun: true } },
    ]);
  });

  it('is requested again once after a closed round', async () => {
    const { open: _open, ...record } = await pendingRequest();
    keep({ ...record, status: 'rejected' });
    const { invocation } = fakeInvocation();
    const event = { kind: 'due', due: { next: 'ask', imageArn, after: 1 } } as const;
    expect(await requestApproval([event], requestConfig, invocation)).toEqual({
      outcomes: ['the request is rejected in round 1, and only a direct call can open it again'],
    });
    const reopening = { who: 'dan@example.com', why: 'the port is closed now' };
    const again = { kind: 'ask again', imageArn, after: 1, reopening } as const;
    expect(await requestApproval([again], requestConfig, invocation)).toEqual({ outcomes: ['requested'] });
    expect(await requestApproval([again], requestConfig, invocation)).toEqual({
      outcomes: ['the request is pending in round 2'],
    });
    expect([stored().round, sentMails().length]).toEqual([2, 6]);
  });

  it('is requested although Image Builder does not list packages and tests', async () => {
    clients.imageBuilder
      .on(GetImageCommand)
      .resolves({ image: { ...image, enhancedImageMetadataEnabled: true } });
    clients.imageBuilder.on(ListImagePackagesCommand).rejects(refusal('ServiceException', 500));
    clients.imageBuilder.on(ListWorkflowExecutionsCommand).rejects(refusal('ForbiddenException', 403));
    const { invocation, book } = fakeInvocation();
    expect(await requestApproval([available], requestConfig, invocation)).toEqual({
      outcomes: ['requested'],
    });
    expect(stored().review).toMatchObject({
      tests: { text: 'unknown, because Image Builder did not list them' },
      facts: { components: [] },
    });
    expect(book.lines.filter(({ message }) => /^build details not read/.test(message))).toHaveLength(2);
  });

  it('is requested by mail even for names that no mail header allows', async () => {
    clients.imageBuilder
      .on(GetImageCommand)
      .resolves({ image: { ...image, name: `wéb\r\nBcc: x ${'y'.repeat(300)} 🚀` } });
    await requestApproval([available], requestConfig, fakeInvocation().invocation);
    for (const { subject: line } of sentMails()) expect(line).toMatch(/^[\x20-\x7e]{1,99}$/);
  });
});
