import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetImageCommand } from '@aws-sdk/client-imagebuilder';
import { DescribeKeyCommand, GetKeyPolicyCommand } from '@aws-sdk/client-kms';
import { PublishCommand } from '@aws-sdk/client-sns';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApprovalSubject } from '../../../../functions/ami-approval/domain/approval-subject.ts';
import { executeApproval } from '../../../../functions/ami-approval/execute-approval/execute-approval.ts';
import {
  clients,
  executeConfig,
  fakeInvocation,
  keep,
  openAccount,
  refusal,
  sentMails,
  stored,
  topicOf,
} from '../account.ts';
import { ANN, BEN, CEM, imageArn, NOW } from '../approvals.ts';
import { act, approvedRequest, pendingRequest } from '../requests.ts';

beforeEach(openAccount);

describe('a decision', () => {
  it('is done only when EC2 shows the added permissions', async () => {
    await approvedRequest();
    clients.ec2
      .on(DescribeImageAttributeCommand)
      .resolvesOnce({ LaunchPermissions: [] })
      .resolves({ LaunchPermissions: [{ Group: 'all' }, { UserId: '111122223333' }] });
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    const [share] = Object.values(stored().shares);
    expect(share).toMatchObject({
      result: 'shared',
      remarks: ['it is already shared with everyone (public)'],
    });
  });

  it('is retried if EC2 does not show the added permissions', async () => {
    await approvedRequest();
    clients.ec2
      .on(DescribeImageAttributeCommand)
      .resolves({ LaunchPermissions: [{ UserId: '999999999999' }] });
    await expect(executeApproval(act, executeConfig, fakeInvocation().invocation)).rejects.toThrow(
      'could not carry out the decision yet',
    );
    expect([stored().status, stored().open, stored().leaseUntil]).toEqual(['approved', 'open', undefined]);
    expect(sentMails()).toEqual([]);
  });

  it('shares nothing if the share targets changed', async () => {
    await approvedRequest();
    const config = { ...executeConfig, targets: { ...executeConfig.targets, accounts: ['666666666666'] } };
    await executeApproval(act, config, fakeInvocation().invocation);
    expect(clients.ec2.calls()).toHaveLength(0);
    expect([stored().status, stored().why]).toEqual([
      'outdated',
      'its share targets changed after approval was requested',
    ]);
    const [event] = clients.events
      .commandCalls(PutEventsCommand)
      .map(({ args }) => args[0].input.Entries?.[0]);
    expect(JSON.parse(event?.Detail ?? '')).toEqual({ next: 'ask', imageArn, after: 1 });
  });

  it.each<[string, (subject: ApprovalSubject) => Partial<ApprovalSubject>]>([
    ['another account', (subject) => ({ targets: { ...subject.targets, accounts: ['666666666666'] } })],
    [
      'snapshots for an account',
      (subject) => ({ targets: { ...subject.targets, copying: ['111122223333'] } }),
    ],
    [
      'another AMI',
      (subject) => ({ amis: [...subject.amis, { region: 'eu-west-1', id: 'ami-1', name: '' }] }),
    ],
  ])('shares nothing if somebody wrote %s into the record', async (_, forge) => {
    const record = await approvedRequest();
    keep({ ...record, subject: { ...record.subject, ...forge(record.subject) } });
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    expect(clients.ec2.calls()).toHaveLength(0);
    expect(stored().status).toBe('outdated');
  });

  it('publishes the event again for an outdated request after a crash', async () => {
    keep({ ...(await approvedRequest()), status: 'outdated' });
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    expect(clients.events.commandCalls(PutEventsCommand)).toHaveLength(1);
  });

  it('is shared with a remark if KMS does not say anything about the key', async () => {
    await approvedRequest();
    const arn = 'arn:aws:kms:eu-west-1:999999999999:key/1';
    clients.ec2.on(DescribeImagesCommand).resolves({
      Images: [
        {
          ImageId: 'ami-0a1b2c3d4e5f60718',
          State: 'available',
          Tags: [
            { Key: 'CreatedBy', Value: 'EC2 Image Builder' },
            { Key: 'Ec2ImageBuilderArn', Value: imageArn },
          ],
          BlockDeviceMappings: [{ Ebs: { SnapshotId: 'snap-1', Encrypted: true } }],
        },
      ],
    });
    clients.ec2.on(DescribeSnapshotsCommand).resolves({ Snapshots: [{ KmsKeyId: arn }] });
    clients.kms.on(DescribeKeyCommand).rejects(refusal('AccessDeniedException'));
    clients.kms.on(GetKeyPolicyCommand).rejects(refusal('AccessDeniedException'));
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    const [share] = Object.values(stored().shares);
    expect(share).toMatchObject({
      result: 'shared',
      remarks: [`cannot tell whether the targets can use its key ${arn}: its policy could not be read`],
    });
  });

  it('finds the AMI by ID among the AMIs of this account', async () => {
    await approvedRequest();
    clients.ec2.on(DescribeImagesCommand).resolves({ Images: [] });
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    const [call] = clients.ec2.commandCalls(DescribeImagesCommand);
    expect(call?.args[0].input).toEqual({ ImageIds: ['ami-0a1b2c3d4e5f60718'], Owners: ['self'] });
    expect(stored().status).toBe('failed');
    expect(clients.ec2.commandCalls(ModifyImageAttributeCommand)).toHaveLength(0);
  });

  it('fails if AWS refuses it, and the approvers get the message of AWS', async () => {
    await approvedRequest();
    clients.ec2.on(ModifyImageAttributeCommand).rejects(refusal('UnauthorizedOperation', 403));
    const { invocation, book } = fakeInvocation();
    await executeApproval(act, executeConfig, invocation);
    expect(stored()).toMatchObject({ status: 'failed', why: '1 of 1 AMIs could not be shared' });
    expect(sentMails().map(({ to }) => to)).toEqual([ANN, BEN, CEM]);
    for (const { text } of sentMails()) expect(text).toContain('UnauthorizedOperation');
    expect(book.lines.find(({ level }) => level === 'error')?.message).toBe(
      'approval not carried out, see "Asking again" in operating.md',
    );
  });

  it('fails after a day of retries', async () => {
    const record = await approvedRequest();
    keep({ ...record, decidedAt: NOW - 90_000_000 });
    clients.imageBuilder.on(GetImageCommand).rejects(refusal('ServiceUnavailableException', 503));
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    expect(stored()).toMatchObject({
      status: 'failed',
      why: expect.stringMatching(/every attempt failed for a day.*ServiceUnavailable/),
    });
  });

  it('sends a refused mail again, and no mail twice', async () => {
    await approvedRequest();
    clients.sns.on(PublishCommand).rejectsOnce(refusal('Throttling')).resolves({ MessageId: 'm' });
    const { invocation } = fakeInvocation();
    await expect(executeApproval(act, executeConfig, invocation)).rejects.toThrow(
      'SNS refused the mail about a closed request',
    );
    expect(stored()).toMatchObject({
      status: 'shared',
      open: 'open',
      mailStatus: 'due',
      mailDue: ['owners'],
    });
    for (const _ of [1, 2]) await executeApproval(act, executeConfig, invocation);
    expect(sentMails().filter(({ topic }) => topic === executeConfig.ownerTopicArn)).toHaveLength(2);
    expect(sentMails()).toHaveLength(4);
    expect('open' in stored()).toBe(false);
    expect(clients.ec2.commandCalls(ModifyImageAttributeCommand)).toHaveLength(1);
  });

  it('sends a refused mail only to the approver whose mail was refused, and none to an approver without a topic', async () => {
    keep({ ...(await approvedRequest()), status: 'rejected' });
    clients.sns.on(PublishCommand, { TopicArn: topicOf(BEN) }).rejectsOnce(refusal('Throttling'));
    clients.sns.on(PublishCommand, { TopicArn: topicOf(CEM) }).rejects(refusal('NotFoundException', 404));
    const { invocation } = fakeInvocation();
    await expect(executeApproval(act, executeConfig, invocation)).rejects.toThrow('SNS refused the mail');
    expect(stored()).toMatchObject({ status: 'rejected', mailStatus: 'due', mailDue: [BEN] });
    clients.sns.resetHistory();
    clients.sns.on(PublishCommand, { TopicArn: topicOf(BEN) }).resolves({ MessageId: 'm' });
    await executeApproval(act, executeConfig, invocation);
    expect(sentMails().map(({ to }) => to)).toEqual([BEN]);
    expect('open' in stored()).toBe(false);
  });

  it('tells the others who were asked how it ended, and not the person whose vote decided', async () => {
    await approvedRequest();
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    const others = sentMails().filter(({ topic }) => topic !== executeConfig.ownerTopicArn);
    expect(others.map(({ to }) => to).sort()).toEqual([BEN, CEM]);
    for (const { subject, text } of others) {
      expect(subject).toBe('web-server 1.4.0/7: approved and shared');
      expect(text).toMatch(
        /^web-server 1\.4\.0\/7 was approved and is shared .*\nVotes\n {2}ann@example.com approved it/s,
      );
    }
  });

  it('abandons a mail that SNS refuses for a day', async () => {
    const { open: _open, ...record } = await approvedRequest();
    keep({ ...record, open: 'open', status: 'shared', mailStatus: 'due', decidedAt: NOW - 90_000_000 });
    const { invocation, book } = fakeInvocation();
    await executeApproval(act, executeConfig, invocation);
    expect([sentMails().length, stored().mailStatus, 'open' in stored()]).toEqual([0, 'claimed', false]);
    expect(book.lines.map(({ message }) => message)).toContain(
      'closing mail abandoned: SNS refused it for a day',
    );
  });

  it('fails if no new round could be opened for a day', async () => {
    keep({
      ...(await approvedRequest()),
      status: 'outdated',
      why: 'its AMIs changed',
      decidedAt: NOW - 90_000_000,
    });
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    expect(stored()).toMatchObject({
      status: 'failed',
      why: 'its AMIs changed, and a new request could not be opened for a day',
    });
    expect(sentMails()).toHaveLength(3);
  });

  it.each<[string, Partial<typeof executeConfig>]>([
    ['an approver who approved has left', { approvers: [BEN, CEM] }],
    ['more approvals are needed now', { required: 2 }],
  ])('is not executed and open for votes again if %s', async (_, more) => {
    await approvedRequest();
    const config = { ...executeConfig, ...more };
    expect(await executeApproval(act, config, fakeInvocation().invocation)).toEqual({ outcome: 'pending' });
    expect([stored().status, stored().open, stored().decidedAt]).toEqual(['pending', 'open', undefined]);
    expect(stored().history.at(-1)).toMatchObject({
      what: 'pending',
      why: expect.stringMatching(/^fewer approvals than required/),
    });
    expect([clients.ec2.calls().length, clients.events.calls().length]).toEqual([0, 0]);
  });

  it('is executed if fewer approvals are needed than when it was requested', async () => {
    const record = await approvedRequest();
    const { decidedAt: _decided, ...pending } = record;
    keep({ ...pending, status: 'pending', required: 3 });
    await executeApproval(act, executeConfig, fakeInvocation().invocation);
    expect(stored().status).toBe('shared');
  });

  it('is retried while another invocation executes it', async () => {
    keep({ ...(await approvedRequest()), leaseUntil: NOW + 1 });
    await expect(executeApproval(act, executeConfig, fakeInvocation().invocation)).rejects.toThrow(
      'another invocation is executing',
    );
    expect(clients.ec2.calls()).toHaveLength(0);
  });

  it('is not executed without a request, or while the request is pending', async () => {
    const { invocation } = fakeInvocation();
    expect(await executeApproval(act, executeConfig, invocation)).toEqual({ outcome: 'no such request' });
    await pendingRequest();
    clients.sns.resetHistory();
    expect(await executeApproval(act, executeConfig, invocation)).toEqual({
      outcome: 'the request is pending',
    });
    expect([clients.ec2.calls().length, sentMails().length]).toEqual([0, 0]);
  });

  it('is only read in a dry run', async () => {
    await approvedRequest();
    clients.dynamo.resetHistory();
    await executeApproval(act, { ...executeConfig, dryRun: true }, fakeInvocation().invocation);
    expect(clients.dynamo.commandCalls(PutItemCommand)).toHaveLength(0);
    expect([clients.ec2.calls().length, clients.events.calls().length]).toEqual([0, 0]);
  });
});

describe('a record that other invocations write', () => {
  it('is retried later after five conflicts', async () => {
    await approvedRequest();
    clients.dynamo.on(PutItemCommand).rejects(refusal('ConditionalCheckFailedException'));
    await expect(executeApproval(act, executeConfig, fakeInvocation().invocation)).rejects.toThrow(
      'others kept writing it',
    );
  });

  it('counts as written if it has our revision after a lost response', async () => {
    await approvedRequest();
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
