import { expect, it } from 'vitest';
import { approvalsOf } from '../../../../functions/ami-approval/domain/approval-record.ts';
import { nextAction } from '../../../../functions/ami-approval/domain/approval-transitions.ts';
import { applyIntervention } from '../../../../functions/ami-approval/domain/intervention.ts';
import { approversToInvite } from '../../../../functions/ami-approval/domain/invitations.ts';
import { parseExecuteEvent } from '../../../../functions/ami-approval/execute-approval/event.ts';
import { ANN, approval, BEN, imageArn, NOW, voted } from '../approvals.ts';

const BY = { who: 'dan@example.com', why: 'wrong branch' };
const cancel = { kind: 'cancel', ...BY } as const;
const revoke = { kind: 'revoke links', approver: BEN, ...BY } as const;

it('a cancelled request is left to be executed, with who and why', () => {
  const result = applyIntervention(approval(), cancel, NOW);

  expect(result).toMatchObject({
    draft: {
      status: 'cancelled',
      open: 'open',
      decidedAt: NOW,
      why: 'dan@example.com cancelled it: wrong branch',
    },
  });
  expect('draft' in result && nextAction(result.draft, NOW)).toBe('act');
});

it('revoked links have no hash, get no new mail, and their approval does not count', () => {
  const known = approval({ history: [voted(ANN, 'approve'), voted(BEN, 'approve')] });

  const result = applyIntervention(known, revoke, NOW);

  if (!('draft' in result)) throw new Error(result.refusal);
  expect(result.draft.approvers[1]).toEqual({ address: BEN, isRevoked: true });
  expect(approvalsOf(result.draft)).toEqual([ANN]);
  expect(approversToInvite(result.draft)).toEqual([]);
  expect(nextAction(result.draft, NOW)).toBeUndefined();
});

const { open: _, ...closed } = approval({ status: 'shared' });

it.each([
  ['no request', undefined, cancel, 'there is no such request'],
  ['a closed request', closed, cancel, 'the request is shared'],
  [
    'a request that is being executed',
    approval({ status: 'approved', leaseUntil: NOW + 1 }),
    cancel,
    'the decision is being executed',
  ],
  [
    'somebody who is no approver',
    approval(),
    { ...revoke, approver: 'eve@example.com' },
    'eve@example.com is no approver of this request',
  ],
] as const)('an intervention is refused for %s', (_name, known, intervention, refusal) => {
  expect(applyIntervention(known, intervention, NOW)).toEqual({ refusal });
});

it.each([
  [{ action: 'cancel', imageArn, who: 'x', why: 'wrong branch' }, /who/],
  [{ action: 'cancel', imageArn, who: 'dan' }, /why/],
  [{ action: 'approve', imageArn, ...BY }, /action/],
  [{ action: 'cancel', imageArn: 'x', ...BY }, /imageArn/],
  [
    { source: 'groundcrew.ami-approval', 'detail-type': 'AMI Approval Cancel', detail: { imageArn, ...BY } },
    /./,
  ],
])('a call needs who and why, and no event of the bus is one: %j', (event, message) => {
  expect(() => parseExecuteEvent(event)).toThrow(message);
});
