import { describe, expect, it } from 'vitest';
import { keyPolicyRemarks, unusableKeyReason } from '../../../../functions/ami-approval/domain/kms-key.ts';
import { noTargets } from '../../../../functions/ami-approval/domain/share-targets.ts';
import { ORGANIZATION } from '../builds.ts';

describe('a KMS key', () => {
  const arn = 'arn:aws:kms:eu-west-1:123456789012:key/1';
  it('that AWS manages cannot be shared, and the reason says what to do', () => {
    expect(unusableKeyReason({ arn, isAwsManaged: true, state: 'Enabled' })).toMatch(
      /customer managed key.*kmsKeyId/,
    );
  });
  it.each(['Disabled', 'PendingDeletion', 'PendingImport'])('that is %s cannot be used', (state) => {
    expect(unusableKeyReason({ arn, isAwsManaged: false, state })).toContain(state);
  });
  it('that is enabled can be used', () => {
    expect(unusableKeyReason({ arn, isAwsManaged: false, state: 'Enabled' })).toBeUndefined();
  });

  const targets = { ...noTargets, accounts: ['111111111111', '222222222222'], organizations: [ORGANIZATION] };
  const policy = (statement: object): string => JSON.stringify({ Statement: statement });
  it.each<[string, string | undefined, number]>([
    ['nobody', policy([]), 3],
    ['one account', policy([{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111111111111:root' } }]), 2],
    [
      'an organization',
      policy({
        Effect: 'Allow',
        Principal: '*',
        Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } },
      }),
      2,
    ],
    ['an account that it denies', policy([{ Effect: 'Deny', Principal: { AWS: '111111111111' } }]), 3],
    ['targets, but cannot be read', undefined, 1],
    ['nothing because it is not JSON', 'no', 1],
  ])('causes remarks if its policy names %s', (_, text, remarks) => {
    expect(keyPolicyRemarks(text, targets)).toHaveLength(remarks);
  });
});
