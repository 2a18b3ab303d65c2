import { expect, it } from 'vitest';
import { closingRecipients } from '../../../../functions/ami-approval/domain/closing-recipients.ts';
import { ANN, approval, BEN, CEM, voted } from '../approvals.ts';

const history = [voted(ANN, 'approve'), voted(BEN, 'approve')];

it.each([
  ['shared', ['owners', ANN, CEM]],
  ['resumed', [ANN, CEM]],
  ['rejected', [ANN, BEN, CEM]],
  ['expired', [ANN, BEN, CEM]],
  ['cancelled', [ANN, BEN, CEM]],
  ['failed', [ANN, BEN, CEM]],
] as const)('a request that is %s is told to %j', (status, recipients) => {
  expect(closingRecipients(approval({ status, history }))).toEqual(recipients);
});
