import { ModifyImageAttributeCommand } from '@aws-sdk/client-ec2';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ListWaitingWorkflowStepsCommand } from '@aws-sdk/client-imagebuilder';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from 'vitest';
import { decideApproval } from '../../../functions/ami-approval/decide-approval/decide-approval.ts';
import { executeApproval } from '../../../functions/ami-approval/execute-approval/execute-approval.ts';
import { requestApproval } from '../../../functions/ami-approval/request-approval/request-approval.ts';
import { sweepApprovals } from '../../../functions/ami-approval/sweep-approvals/sweep-approvals.ts';
import {
  answerSubscription,
  clients,
  decideConfig,
  executeConfig,
  fakeInvocation,
  keep,
  openAccount,
  refusal,
  requestConfig,
  SETTINGS,
  saveSettings,
  sentMails,
  sweepConfig as stackSweepConfig,
  stored,
  tokenIn,
} from './account.ts';
import { ANN, BEN, CEM } from './approvals.ts';
import { act, approvedRequest, available, httpRequest, pendingRequest } from './requests.ts';

beforeEach(openAccount);

const from = { settingsParameter: SETTINGS };
const sweepConfig = { ...stackSweepConfig, ...from };

describe('settings in SSM', () => {
  const broken: [string, () => void, string][] = [
    ['are no JSON', () => saveSettings('{'), 'expected JSON'],
    [
      'have an invalid account',
      () => saveSettings({ pipelines: [{ pipeline: 'x', accounts: ['all'] }] }),
      'accounts.0',
    ],
    [
      'do not exist',
      () => clients.ssm.on(GetParameterCommand).rejects(refusal('ParameterNotFound')),
      'the parameter /groundcrew/ami-approval does not exist',
    ],
    [
      'are encrypted',
      () => clients.ssm.on(GetParameterCommand).resolves({ Parameter: { Type: 'SecureString', Value: 'x' } }),
      'must be a String, got SecureString',
    ],
    [
      'may not be read',
      () => clients.ssm.on(GetParameterCommand).rejects(refusal('AccessDeniedException')),
      'AccessDenied',
    ],
  ];

  it.each(broken)('that %s fail every function and share nothing', async (_, breakThem, message) => {
    await pendingRequest();
    const token = tokenIn(sentMails()[0]?.text ?? '');
    await approvedRequest();
    breakThem();
    const { invocation } = fakeInvocation();
    await expect(requestApproval([available], { ...requestConfig, ...from }, invocation)).rejects.toThrow(
      message,
    );
    await expect(
      decideApproval(httpRequest(token), { ...decideConfig, ...from }, invocation),
    ).rejects.toThrow(message);
    await expect(executeApproval(act, { ...executeConfig, ...from }, invocation)).rejects.toThrow(message);
    await expect(sweepApprovals(sweepConfig, invocation)).rejects.toThrow(message);
    expect(stored().status).toBe('approved');
    expect(clients.ec2.commandCalls(ModifyImageAttributeCommand)).toHaveLength(0);
    expect(sentMails()).toEqual([]);
  });

  it('say whose approval counts now, on the page and in the sweep', async () => {
    await pendingRequest();
    const token = tokenIn(sentMails().find(({ to }) => to.includes(ANN))?.text ?? '');
    saveSettings({ pipelines: [{ pipeline: 'web-server-*', approvers: [BEN, CEM] }] });
    const { invocation } = fakeInvocation();
    expect((await decideApproval(httpRequest(token), { ...decideConfig, ...from }, invocation)).status).toBe(
      404,
    );
    saveSettings({ pipelines: [{ pipeline: 'web-server-*', approvers: [ANN, BEN, 'eve@example.com'] }] });
    answerSubscription('eve@example.com', 'arn:aws:sns:eu-west-1:123456789012:eve:1');
    clients.imageBuilder.on(ListWaitingWorkflowStepsCommand).resolves({});
    await sweepApprovals(sweepConfig, invocation);
    const [call] = clients.events.commandCalls(PutEventsCommand);
    expect(JSON.parse(call?.args[0].input.Entries?.[0]?.Detail ?? '')).toMatchObject({ next: 'ask' });
  });

  it('are not read for a path that is no link, or for an unknown image', async () => {
    const { invocation } = fakeInvocation();
    await decideApproval(httpRequest('A'.repeat(43)), { ...decideConfig, ...from }, invocation);
    expect(clients.ssm.calls()).toHaveLength(0);
  });

  it('do not let a changed record add a target or borrow those of another pipeline', async () => {
    const targets = { accounts: ['666666666666'], organizations: [], organizationalUnits: [], copying: [] };
    saveSettings({ pipelines: [{ pipeline: 'other-*', accounts: targets.accounts }] });
    const record = await approvedRequest();
    const forged = {
      ...record.subject,
      pipeline: 'other-weekly',
      targets,
      recipients: ['account 666666666666'],
    };
    keep({ ...record, subject: forged });
    await executeApproval(act, { ...executeConfig, ...from }, fakeInvocation().invocation);
    expect(stored().status).toBe('outdated');
    expect(clients.ec2.calls()).toHaveLength(0);
  });
});
