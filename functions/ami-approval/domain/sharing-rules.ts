/** An AMI as EC2 describes it. */
export interface Ec2Image {
  readonly state: string;
  readonly deprecatedAt: number | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly snapshots: readonly string[];
  readonly isEncrypted: boolean;
}

/** The value of the tag CreatedBy on every AMI that Image Builder creates. */
const CREATOR = 'EC2 Image Builder';

/** @returns why an AMI cannot be shared as it is now, or undefined if it can */
export function notSharableReason(
  image: Ec2Image | undefined,
  imageArn: string,
  now: number,
): string | undefined {
  if (!image) return 'it no longer exists, or it belongs to another account';
  if (image.state !== 'available') return `it is ${image.state}, not available`;
  if (image.deprecatedAt !== undefined && image.deprecatedAt <= now) return 'it is deprecated';
  // With the id alone, anyone who can write a request could share any AMI of the account.
  if (image.tags.CreatedBy !== CREATOR) return `its tag CreatedBy is not '${CREATOR}'`;
  if (image.tags.Ec2ImageBuilderArn !== imageArn) return 'its tag Ec2ImageBuilderArn names another build';
  return undefined;
}
