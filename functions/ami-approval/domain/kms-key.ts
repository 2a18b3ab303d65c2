import { isRecord } from '#shared/errors.ts';
import { formatPermission, permissionsFor, type Targets } from './share-targets.ts';

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

/**
 * The targets that the key policy does not name: they see the AMI and probably cannot launch it. These are remarks and
 * not refusals, because a grant can allow what the policy does not.
 */
export function keyPolicyRemarks(policy: string | undefined, targets: Targets): string[] {
  const allowed = policy === undefined ? undefined : parseAllowStatements(policy);
  if (allowed === undefined)
    return ['its key policy could not be read: check that the targets can use the key'];
  const unnamed = permissionsFor(targets).filter((permission) => {
    const id = Object.values(permission)[0] ?? '';
    const name = id.slice(id.lastIndexOf('/') + 1);
    return !allowed.some((text) => text.includes(name));
  });
  return unnamed.map(
    (one) => `its key policy does not name ${formatPermission(one)}, which probably cannot launch it`,
  );
}

/** @returns principals and conditions of the Allow statements as JSON text, or undefined for an invalid policy */
function parseAllowStatements(policy: string): string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(policy);
    const statements = isRecord(parsed) ? [parsed.Statement].flat() : [];
    return statements
      .filter((one) => isRecord(one) && one.Effect === 'Allow')
      .map((one) => (isRecord(one) ? JSON.stringify([one.Principal, one.Condition]) : ''));
  } catch {
    return undefined;
  }
}
