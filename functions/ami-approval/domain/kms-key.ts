import { isRecord } from '#shared/errors.ts';
import { labelOf, permissionsFor, type Targets } from './share-targets.ts';

/** A key that snapshots are encrypted with. */
export interface SeenKey {
  readonly arn: string;
  readonly isAwsManaged: boolean;
  readonly state: string;
}

/** Why nothing that this key encrypts can be shared; undefined when it can. */
export function whyUnusable({ arn, isAwsManaged, state }: SeenKey): string | undefined {
  if (isAwsManaged) {
    return (
      'it is encrypted with the AWS managed key aws/ebs, and AWS lets nobody share that. Build it with a customer ' +
      'managed key: name one as kmsKeyId in the distribution settings or in the recipe, and let the targets use it'
    );
  }
  return state === 'Enabled' ? undefined : `its key ${arn} is ${state}, not Enabled`;
}

/**
 * The targets that a key's policy does not name, as a person reads them: they will see the AMI and fail to launch it.
 * Grants may allow what the policy does not, so that this is worth a remark and no refusal.
 */
export function whoCannotUse(policy: string | undefined, targets: Targets): string[] {
  const allowed = policy === undefined ? undefined : readAllowed(policy);
  if (allowed === undefined)
    return ['its key policy could not be read: see that the targets may use the key'];
  const strangers = permissionsFor(targets).filter((permission) => {
    const id = Object.values(permission)[0] ?? '';
    const name = id.slice(id.lastIndexOf('/') + 1);
    return !allowed.some((text) => text.includes(name));
  });
  return strangers.map((one) => `its key policy does not name ${labelOf(one)}, which will fail to launch it`);
}

/** Principals and conditions of the statements that allow, as texts that ids are looked for in. */
function readAllowed(policy: string): string[] | undefined {
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
