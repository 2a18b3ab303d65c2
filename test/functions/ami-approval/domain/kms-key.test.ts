import { describe, expect, it } from 'vitest';
import { unusableKeyReason } from '../../../../functions/ami-approval/domain/kms-key.ts';

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
});
