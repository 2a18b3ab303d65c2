/** An AMI as EC2 describes it. */
export interface SeenAmi {
  readonly state: string;
  readonly deprecatedAt: number | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly snapshots: readonly string[];
  readonly isEncrypted: boolean;
}

/** What Image Builder puts on every AMI it makes. */
const CREATOR = 'EC2 Image Builder';

/** Why an AMI may not be shared as it is now; undefined when it may. */
export function whyNot(seen: SeenAmi | undefined, imageArn: string, now: number): string | undefined {
  if (!seen) return 'it does not exist any more, or belongs to another account';
  if (seen.state !== 'available') return `it is ${seen.state}, not available`;
  if (seen.deprecatedAt !== undefined && seen.deprecatedAt <= now) return 'it is deprecated';
  // An id alone would let whoever can write a request share any AMI of the account.
  if (seen.tags.CreatedBy !== CREATOR) return `its tag CreatedBy is not '${CREATOR}'`;
  if (seen.tags.Ec2ImageBuilderArn !== imageArn) return 'its tag Ec2ImageBuilderArn names another build';
  return undefined;
}
