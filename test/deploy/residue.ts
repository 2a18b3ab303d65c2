/** What stays after a stack is deleted, and why. */
interface Kept {
  /** The wing, or `every wing`. */
  readonly wing: string;
  /** Of describe.py's inventory. */
  readonly resource: RegExp;
  readonly reason: string;
}

/** The whole list. An entry whose wing leaves nothing that it matches fails that wing's test. */
const kept: readonly Kept[] = [
  {
    wing: 'every wing',
    resource: /^cloudformation StackSummaries aws-sam-cli-managed-default$/,
    reason: 'SAM CLI creates this stack once for all stacks of a Region.',
  },
  {
    wing: 'every wing',
    resource: /^s3 Buckets aws-sam-cli-managed-default-/,
    reason: 'It is the bucket of that stack. sam delete empties it of what the deleted stack used.',
  },
  {
    wing: 'disk-alarms',
    resource: /^cloudwatch MetricAlarms groundcrew-disk-alarms-disk-/,
    reason:
      'The function made these alarms. They guard disks until somebody deletes them (docs/operating.md).',
  },
  {
    wing: 'ami-approval',
    resource: /^dynamodb TableNames groundcrew-ami-approval-Approvals-/,
    reason: 'It is the record of who approved what.',
  },
  {
    wing: 'ami-approval',
    resource: /^sns Topics \S+:groundcrew-ami-approval-approver-[0-9a-f]{32}$/,
    reason: 'The function made these topics. operating.md says how to delete them.',
  },
  {
    wing: 'ami-approval',
    resource: /^sns Subscriptions \S+:groundcrew-ami-approval-approver-[0-9a-f]{32}:[0-9a-f-]+$/,
    reason: 'They belong to these topics, and end with them.',
  },
  {
    wing: 'build-promotion',
    resource: /^efs (FileSystems|MountTargets) /,
    reason: 'Hosts read their code from this file system.',
  },
  {
    wing: 'build-promotion',
    resource: /^ec2 (SecurityGroups|Subnets|Vpcs) /,
    reason: 'The mount targets of that file system are in this network.',
  },
];

/** @returns what stays but should not, and entries of the list that match nothing */
export function residueOf(wing: string, found: readonly string[]): string[] {
  const entries = kept.filter((entry) => entry.wing === wing || entry.wing === 'every wing');
  const unknown = found.filter(
    (one) => !isOfTests(one) && !entries.some(({ resource }) => resource.test(one)),
  );
  const unmatched = entries.filter(({ resource }) => !found.some((one) => resource.test(one)));
  return [...unknown, ...unmatched.map(({ resource }) => `nothing stays that matches ${resource}`)];
}

/** The queue that stands for a mailbox, and the bucket of a pipeline, are the test's own. */
const isOfTests = (resource: string): boolean =>
  /^(sqs QueueUrls \S+\/mailbox-\w+|s3 Buckets pipeline-artifacts)$/.test(resource);
