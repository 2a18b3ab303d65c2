/** A KMS key that encrypts snapshots, as KMS describes it. */
export interface KmsKey {
  readonly arn: string;
  readonly isAwsManaged: boolean;
  readonly state: string;
}

/** @returns why an AMI encrypted with this key cannot be shared, or undefined if it can */
export function unusableKeyReason({ arn, isAwsManaged, state }: KmsKey): string | undefined {
  if (isAwsManaged) {
    return (
      'it is encrypted with the AWS managed key aws/ebs, which AWS does not let you share. Rebuild it with a customer ' +
      'managed key (kmsKeyId in the distribution settings or in the recipe) and allow the targets to use that key'
    );
  }
  return state === 'Enabled' ? undefined : `its key ${arn} is ${state}, not Enabled`;
}
