import type { Finding } from './findings.ts';

/** A finding that stays, on these resources only, and why. */
export interface Excuse {
  readonly rule: string;
  readonly resources: readonly string[];
  readonly reason: string;
}

const inWings = (byWing: Readonly<Record<string, readonly string[]>>): string[] =>
  Object.entries(byWing).flatMap(([wing, names]) => names.map((name) => `${wing}/${name}`));

const functionsInVpc = inWings({ 'build-promotion': ['BuildStore', 'PruneBuilds'] });

const functionsWithoutVpc = inWings({
  'ami-approval': ['DecideApproval', 'ExecuteApproval', 'RequestApproval', 'SweepApprovals'],
  'build-promotion': ['PromoteBuild', 'RestoreBuild'],
  'disk-alarms': ['ReconcileDiskAlarms'],
  'health-gate': ['CheckHealth', 'FollowIncidents', 'GateDeployment', 'ResumeDeployments'],
  'spot-cordon': [
    'ChooseTerminations',
    'CompleteTerminations',
    'CordonInstances',
    'FallBackToOnDemand',
    'MailCordons',
    'UncordonInstances',
  ],
});

const functions = [...functionsInVpc, ...functionsWithoutVpc];

export const checkovExcuses: readonly Excuse[] = [
  {
    rule: 'CKV_AWS_111',
    resources: ['disk-alarms/ReconcileDiskAlarmsRole'],
    reason: 'CloudWatch creates a composite alarm only if PutCompositeAlarm is allowed on all resources.',
  },
  {
    rule: 'CKV_AWS_115',
    resources: functions.filter((name) => name !== 'spot-cordon/CordonInstances'),
    reason:
      'Reserved concurrency fails in accounts whose limit is 10. Event source mappings and schedules limit how many run; ' +
      'the other functions run once for each request of CodePipeline, Auto Scaling, an approver or a role that may invoke them.',
  },
  {
    rule: 'CKV_AWS_116',
    resources: functions,
    reason:
      'The rule looks at DeadLetterConfig only. Functions have a failure destination, except those whose events carry ' +
      'credentials: no queue may store these.',
  },
  {
    rule: 'CKV_AWS_117',
    resources: functionsWithoutVpc,
    reason:
      'These functions call AWS APIs only. A VPC would add a NAT gateway or endpoints and protect nothing.',
  },
  {
    rule: 'CKV_AWS_119',
    resources: inWings({
      'ami-approval': ['Approvals'],
      'health-gate': ['GateRecords', 'HeldDeployments'],
      'spot-cordon': ['Cordons', 'DrainLedger', 'FallBacks', 'Workers'],
    }),
    reason:
      'AWS encrypts the tables with its own key. They hold ids, votes, reasons, times and settings of groups, and no ' +
      'credentials.',
  },
  {
    rule: 'CKV_AWS_158',
    resources: [...functions.map((name) => `${name}Logs`), 'ami-approval/ApprovalPagesLogs'],
    reason:
      'CloudWatch Logs encrypts every group. The lines hold ids and reasons, and no payloads or tokens.',
  },
  {
    rule: 'CKV_AWS_166',
    resources: ['build-promotion/BuildBackupVault'],
    reason:
      'AWS Backup encrypts the vault. Whoever needs a key of their own names their vault in BackupVaultName.',
  },
  {
    rule: 'CKV_AWS_173',
    resources: functions,
    reason: 'Lambda encrypts variables with its own key. They hold names and settings, and no secrets.',
  },
  {
    rule: 'CKV_AWS_26',
    resources: inWings({ 'ami-approval': ['ChatNotifications', 'Notifications', 'SharedAmis'] }),
    reason:
      'TopicKeyArn encrypts the topics. It is empty by default, because a key has a price and needs a policy.',
  },
  {
    rule: 'CKV_AWS_26',
    resources: inWings({
      'build-promotion': ['Notifications'],
      'disk-alarms': ['Notifications'],
      'health-gate': ['ChatNotifications', 'Notifications'],
      'spot-cordon': ['ChatNotifications', 'Notifications'],
    }),
    reason: 'Notices hold ids and reasons, and no links that act. SNS does not keep them.',
  },
  {
    rule: 'CKV_AWS_27',
    resources: inWings({
      'ami-approval': ['DeadLetters'],
      'build-promotion': ['DeadLetters'],
      'disk-alarms': ['DeadLetters', 'DiskAlarmsQueue'],
      'health-gate': ['DeadLetters', 'DeploymentQueue', 'IncidentQueue'],
      'spot-cordon': [
        'AdvisoryQueue',
        'DeadLetters',
        'FallBackQueue',
        'InterruptionQueue',
        'MailQueue',
        'RecheckQueue',
        'StateChangeQueue',
        'TerminationQueue',
      ],
    }),
    reason: 'The rule looks for a KMS key only. SqsManagedSseEnabled encrypts the queues.',
  },
  {
    rule: 'CKV_AWS_364',
    resources: ['ami-approval/BuildMessagesPermission'],
    reason: 'The permission has a SourceArn. The rule does not follow its reference to BuildTopicArn.',
  },
];

export const parliamentExcuses: readonly Excuse[] = [
  {
    rule: 'CREDENTIALS_EXPOSURE',
    resources: inWings({
      'health-gate': ['CheckHealth', 'FollowIncidents', 'GateDeployment', 'ResumeDeployments'].map(
        (name) => `${name}Role/AssumeReaderRoles`,
      ),
    }),
    reason:
      'AssumeRole is how the wing reads AWS Health of other accounts. ReaderRole limits the name and OrganizationId the ' +
      'organization.',
  },
  {
    rule: 'MISMATCHED_TYPE_BUT_USABLE',
    resources: inWings({
      'build-promotion': ['BuildStoreRole/MountFileSystem', 'PruneBuildsRole/MountFileSystem'],
    }),
    reason:
      "StringEquals on the access point's ARN is the form in the documentation of EFS. The ARN is exact.",
  },
  {
    rule: 'PERMISSIONS_MANAGEMENT_ACTIONS',
    resources: inWings({ 'ami-approval': ['ExecuteApprovalRole/ShareSnapshotsOfThisAccount'] }),
    reason:
      'Sharing is the purpose of the wing. Conditions exclude public snapshots, snapshots of other accounts, and every ' +
      'account that CopyingAccounts does not name.',
  },
  {
    rule: 'PERMISSIONS_MANAGEMENT_ACTIONS',
    resources: inWings({ 'ami-approval': ['SweepApprovalsRole/KeepTopicsOfApprovers'] }),
    reason:
      'SetTopicAttributes keeps the policy of the topics that the sweep makes: nobody else may subscribe or publish. The ' +
      'ARN allows no other topics.',
  },
  {
    rule: 'PERMISSIONS_MANAGEMENT_ACTIONS',
    resources: inWings({ 'build-promotion': ['RestoreBuildRole/PassRoleToAwsBackup'] }),
    reason:
      'AWS Backup needs the role for a restore. PassRole names that one role and AWS Backup as the only service.',
  },
  {
    rule: 'RESOURCE_MISMATCH',
    resources: inWings({ 'ami-approval': ['SweepApprovalsRole/KeepTopicsOfApprovers'] }),
    reason:
      'The list of AWS names no resource for Unsubscribe. SNS compares it with the ARN of the topic, as its errors show, ' +
      'and the ARN of a subscription begins with that.',
  },
  {
    rule: 'RESOURCE_STAR',
    resources: inWings({
      'disk-alarms': ['ReconcileDiskAlarmsRole/ManageCompositeAlarms', 'ReconcileDiskAlarmsRole/ReadAlarms'],
    }),
    reason: 'CloudWatch lists and creates composite alarms only if the action is allowed on all resources.',
  },
];

/** @returns findings without an excuse, and excuses that match nothing */
export function compareWithExcuses(findings: readonly Finding[], excuses: readonly Excuse[]): string[] {
  const found = new Set(findings.map(({ rule, resource }) => `${rule} ${resource}`));
  const excused = new Set(
    excuses.flatMap(({ rule, resources }) => resources.map((resource) => `${rule} ${resource}`)),
  );
  return [
    ...[...found].filter((one) => !excused.has(one)).map((one) => `not excused: ${one}`),
    ...[...excused].filter((one) => !found.has(one)).map((one) => `excused but not found: ${one}`),
  ].toSorted();
}
