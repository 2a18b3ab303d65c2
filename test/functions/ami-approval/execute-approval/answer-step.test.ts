import {
  GetImageCommand,
  GetWorkflowStepExecutionCommand,
  SendWorkflowStepActionCommand,
} from '@aws-sdk/client-imagebuilder';
import { beforeEach, describe, expect, it } from 'vitest';
import { executeApproval } from '../../../../functions/ami-approval/execute-approval/execute-approval.ts';
import { requestApproval } from '../../../../functions/ami-approval/request-approval/request-approval.ts';
import {
  clients,
  executeConfig,
  fakeInvocation,
  image,
  keep,
  openAccount,
  refusal,
  requestConfig,
  stored,
} from '../account.ts';
import { ANN, NOW, voted } from '../approvals.ts';
import { act, STEP, waiting } from '../requests.ts';

beforeEach(openAccount);

describe('the answer to a step', () => {
  const workflowStep = { stepExecutionId: STEP, name: 'ApproveImage' };

  async function atStep(): Promise<void> {
    clients.imageBuilder
      .on(GetWorkflowStepExecutionCommand)
      .resolves({ status: 'RUNNING', name: 'ApproveImage' });
    await requestApproval([waiting], requestConfig, fakeInvocation().invocation);
    const history = [...stored().history, voted(ANN, 'approve')];
    keep({ ...stored(), status: 'approved', decidedAt: NOW, history });
    clients.sns.resetHistory();
  }
  const actAtStep = { ...act, stepExecutionId: workflowStep.stepExecutionId };

  it('counts as sent if the step already has the same answer', async () => {
    await atStep();
    clients.imageBuilder.on(SendWorkflowStepActionCommand).rejects(refusal('InvalidRequestException'));
    const outputs = JSON.stringify({ action: 'RESUME', reason: 'x' });
    clients.imageBuilder.on(GetWorkflowStepExecutionCommand).resolves({ status: 'COMPLETED', outputs });
    await executeApproval(actAtStep, executeConfig, fakeInvocation().invocation);
    expect(stored().status).toBe('resumed');
  });

  it('is sent again later while the step is busy', async () => {
    await atStep();
    clients.imageBuilder.on(SendWorkflowStepActionCommand).rejects(refusal('ResourceInUseException'));
    await expect(executeApproval(actAtStep, executeConfig, fakeInvocation().invocation)).rejects.toThrow(
      'could not carry out the decision yet',
    );
    expect(stored().status).toBe('approved');
  });

  it('fails if the step has another answer', async () => {
    await atStep();
    clients.imageBuilder.on(SendWorkflowStepActionCommand).rejects(refusal('InvalidRequestException'));
    const outputs = JSON.stringify({ action: 'STOP', reason: 'by hand' });
    clients.imageBuilder.on(GetWorkflowStepExecutionCommand).resolves({ status: 'FAILED', outputs });
    await executeApproval(actAtStep, executeConfig, fakeInvocation().invocation);
    expect(stored()).toMatchObject({
      status: 'failed',
      why: expect.stringContaining('did not accept the answer for the workflow step ApproveImage'),
    });
  });

  it('is not sent if the image changed after the approval', async () => {
    await atStep();
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
    await executeApproval(actAtStep, executeConfig, fakeInvocation().invocation);
    expect(stored().status).toBe('outdated');
    expect(clients.imageBuilder.commandCalls(SendWorkflowStepActionCommand)).toHaveLength(0);
  });

  it.each(['approved', 'rejected', 'expired'] as const)(
    'is not sent for a request that is %s and has left the scope',
    async (status) => {
      await atStep();
      keep({ ...stored(), status });
      for (const [scope, why] of [
        [{ pipelines: ['db-*'], steps: ['Approve*'] }, /its pipeline web-server-weekly/],
        [{ pipelines: ['web-*'], steps: ['Sign*'] }, /the workflow step ApproveImage/],
      ] as const) {
        keep({ ...stored(), status, open: 'open' });
        await executeApproval(actAtStep, { ...executeConfig, scope }, fakeInvocation().invocation);
        expect(stored()).toMatchObject({ status: 'cancelled', why: expect.stringMatching(why) });
      }
      expect(clients.imageBuilder.commandCalls(SendWorkflowStepActionCommand)).toHaveLength(0);
    },
  );

  it('does not keep a rejection open if the step is gone', async () => {
    await atStep();
    keep({ ...stored(), status: 'rejected' });
    clients.imageBuilder.on(SendWorkflowStepActionCommand).rejects(refusal('ResourceNotFoundException', 404));
    clients.imageBuilder
      .on(GetWorkflowStepExecutionCommand)
      .rejects(refusal('ResourceNotFoundException', 404));
    await executeApproval(actAtStep, executeConfig, fakeInvocation().invocation);
    expect(stored()).toMatchObject({ status: 'rejected', mailStatus: 'claimed' });
    expect('open' in stored()).toBe(false);
  });
});
