import { ServiceError } from './answers.ts';
import type { Members } from './types.ts';

/** Where moto answers otherwise than AWS and a wing depends on it. */
export interface Correction {
  readonly service: string;
  readonly actions: readonly string[];
  /** What AWS does, and where it says so. */
  readonly aws: string;
  /** What moto does. */
  readonly moto: string;
  /** Refuses what moto accepts. */
  readonly refuse?: (input: Members) => ServiceError | undefined;
  /** The function in corrections.py that mends it, where moto's own state decides. */
  readonly patch?: string;
}

/** The one list of corrections. Each is held by a test. */
export const corrections: readonly Correction[] = [
  {
    service: 'autoscaling',
    actions: ['DetachInstances', 'SetInstanceProtection'],
    aws:
      'Refuses the whole call with ValidationError when one instance is not in the group, or is in no state that ' +
      'allows it (InService or Standby to detach). Seen in the field: "The instance i-... is not in InService or ' +
      'Standby." An unknown group is a ValidationError too.',
    moto: 'Skips instances that are no members, takes every state, and breaks on an unknown group.',
    patch: 'members_only',
  },
  {
    service: 'autoscaling',
    actions: ['DetachInstances'],
    aws: 'Takes up to 20 instances (API reference, InstanceIds).',
    moto: 'Takes any number.',
    refuse: atMost(20, 'InstanceIds'),
  },
  {
    service: 'autoscaling',
    actions: ['SetInstanceProtection', 'DescribeAutoScalingInstances'],
    aws: 'Takes up to 50 instances (API reference, InstanceIds).',
    moto: 'Takes any number.',
    refuse: atMost(50, 'InstanceIds'),
  },
  {
    service: 'autoscaling',
    actions: ['TerminateInstanceInAutoScalingGroup'],
    aws:
      'Takes InstanceId, or InstanceIds with AutoScalingGroupName and then answers Activities (API reference). An ' +
      'instance in no group is a ValidationError "Instance Id not found".',
    moto: 'Knows InstanceId alone and breaks on an instance in no group.',
    patch: 'terminate_many',
  },
  {
    service: 'autoscaling',
    actions: ['TerminateInstanceInAutoScalingGroup'],
    aws:
      'With a terminate hook the instance stays in the group as Terminating:Wait, out of its load balancers and not ' +
      'counted in the capacity, until the hook is completed; the replacement is launched meanwhile (user guide, ' +
      'lifecycle hooks).',
    moto: 'Knows the hook and terminates at once.',
    patch: 'wait_for_terminate_hook',
  },
  {
    service: 'autoscaling',
    actions: ['DetachInstances', 'TerminateInstanceInAutoScalingGroup', 'EnterStandby', 'ExitStandby'],
    aws:
      'Registers an instance with the load balancers of its group when it joins and deregisters it when it leaves ' +
      '(user guide, detach instances). One that was deregistered by hand stays deregistered.',
    moto: 'Leaves it registered, and at every change registers all members anew.',
    patch: 'load_balancers_follow_membership',
  },
  {
    service: 'elasticloadbalancing',
    actions: ['RegisterTargets', 'DeregisterTargets', 'DescribeTargetHealth'],
    aws:
      'A target is an id and a port: one instance can be registered with several ports, and one registered with a ' +
      'port override must be deregistered with it. Deregistering what is not registered succeeds. A deregistered ' +
      'target is listed as draining for the deregistration delay (API reference and user guide, deregistration delay). ' +
      'An instance that does not exist cannot be registered.',
    moto: 'Keeps targets by id alone, refuses to deregister an absent one, lists no draining ones.',
    patch: 'targets_by_port',
  },
  {
    service: 'elasticloadbalancing',
    actions: ['RegisterInstancesWithLoadBalancer', 'DeregisterInstancesFromLoadBalancer'],
    aws: 'Registering twice registers once; deregistering takes out an instance that Auto Scaling registered, too.',
    moto: 'Lists it twice, and leaves one that Auto Scaling registered.',
    patch: 'classic_registrations_once',
  },
  {
    service: 'ec2',
    actions: ['TerminateInstances'],
    aws: 'A terminated instance is deregistered from its load balancers (user guides of both kinds).',
    moto: 'Deregisters it from target groups only, and only when it was terminated through EC2 itself.',
    patch: 'termination_deregisters',
  },
  {
    service: 'ec2',
    actions: ['DescribeInstances'],
    aws: 'Fails whole with InvalidInstanceID.NotFound that names every unknown id.',
    moto: 'Names the first.',
    patch: 'unknown_instances_named',
  },
  {
    service: 'ec2',
    actions: ['DescribeInstances'],
    aws: 'Answers an id that cannot be one with InvalidInstanceID.Malformed.',
    moto: 'Answers InvalidInstanceID.NotFound.',
    refuse: ({ InstanceId: ids }) => {
      const malformed = Array.isArray(ids)
        ? ids.find((id) => !/^i-([\da-f]{8}|[\da-f]{17})$/.test(String(id)))
        : undefined;
      if (malformed === undefined) return undefined;
      return new ServiceError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
    },
  },
  {
    service: 'ec2',
    actions: ['DescribeInstances'],
    aws: 'Takes up to 1000 ids, and none together with MaxResults (API reference).',
    moto: 'Takes any number, and both.',
    refuse: (input) => {
      if (input['InstanceId'] === undefined || input['MaxResults'] === undefined)
        return atMost(1000, 'InstanceId')(input);
      const message = 'The parameter instancesSet cannot be used with the parameter maxResults';
      return new ServiceError('InvalidParameterCombination', message);
    },
  },
  {
    service: 'ec2',
    actions: ['CreateTags'],
    aws: 'Refuses an instance that does not exist with InvalidInstanceID.NotFound.',
    moto: 'Tags it.',
    patch: 'tags_of_known_instances',
  },
  {
    service: 'ec2',
    actions: ['DescribeImages'],
    aws: 'Finds only images of the named Owners, also when ids are named; an id among others that is none of theirs is left out (API reference).',
    moto: 'Ignores Owners where ids are named.',
    patch: 'images_of_owners',
  },
  {
    service: 'ec2',
    actions: ['DescribeImages', 'CopyImage'],
    aws:
      "CopyImage with Encrypted or KmsKeyId encrypts the copy's snapshots, with aws/ebs where no key is named, and a " +
      'block device mapping says whether its snapshot is encrypted (API reference, CopyImage, EbsBlockDevice).',
    moto: 'Copies plainly, and says of no mapping that it is encrypted.',
    patch: 'encrypted_copies',
  },
  {
    service: 'ec2',
    actions: ['ModifyImageAttribute', 'ModifySnapshotAttribute'],
    aws:
      'What is encrypted with the AWS managed key cannot be shared: "You can\'t share an AMI with encrypted snapshots ' +
      'that use the default AWS managed key" (user guides, share an AMI, share a snapshot).',
    moto: 'Shares it.',
    patch: 'default_key_is_not_shared',
  },
  {
    service: 'kms',
    actions: ['DescribeKey'],
    aws: 'KeyManager of the keys that services make for themselves is AWS (API reference, KeyMetadata).',
    moto: 'Says CUSTOMER of every key.',
    patch: 'keys_of_services',
  },
  {
    service: 'sqs',
    actions: ['ReceiveMessage'],
    aws: 'Deletes a message when its retention period has passed (developer guide).',
    moto: 'Keeps it, and delivers nothing that stands behind it.',
    patch: 'retention_ends',
  },
  {
    service: 'dynamodb',
    actions: ['TransactWriteItems'],
    aws:
      'Applies a transaction once for ten minutes by its ClientRequestToken, which the SDK sets: a retry after a lost ' +
      'answer succeeds without writing again (API reference).',
    moto: 'Ignores the token, so that the retry fails on the very condition that the first attempt made false.',
    patch: 'transactions_by_token',
  },
  {
    service: 'sns',
    actions: ['Publish'],
    aws:
      'Refuses a Subject with line breaks or control characters, or of 100 characters and more, with ' +
      'InvalidParameter (API reference, Subject).',
    moto: 'Refuses only a long one.',
    refuse: ({ Subject: subject }) =>
      typeof subject === 'string' && (subject === '' || subject.length > 100 || /\p{Cc}/u.test(subject))
        ? new ServiceError('InvalidParameter', 'Invalid parameter: Subject')
        : undefined,
  },
  {
    service: 'cloudwatch',
    actions: ['ListMetrics'],
    aws:
      'With RecentlyActive PT3H lists only what had data in the past three hours; 500 to a page, and a page can be asked ' +
      'for again (API reference).',
    moto: 'Ignores RecentlyActive, forgets a page once it was given, and compares every series with every other.',
    patch: 'recent_metrics_listed',
  },
  {
    service: 'cloudwatch',
    actions: ['GetMetricData'],
    aws: 'Finds a series by namespace, name and all its dimensions, and aligns periods to the clock (API reference).',
    moto: 'Ignores the namespace where dimensions are given, and goes through all data for every period.',
    patch: 'metric_data_by_series',
  },
  {
    service: 'cloudwatch',
    actions: ['GetMetricData'],
    aws: 'Takes up to 500 queries (API reference).',
    moto: 'Takes any number.',
    refuse: atMost(500, 'MetricDataQueries'),
  },
  {
    service: 'cloudwatch',
    actions: ['DescribeAlarms'],
    aws: 'Answers up to 100 alarms to a page, and metric alarms alone unless AlarmTypes says more (API reference).',
    moto: 'Answers all of both kinds at once.',
    patch: 'alarms_paged',
  },
  {
    service: 'cloudwatch',
    actions: ['PutMetricAlarm', 'PutCompositeAlarm'],
    aws:
      'A new alarm is in INSUFFICIENT_DATA. An update overwrites the configuration, leaves the state and ignores Tags. A ' +
      'composite alarm keeps its suppressor and needs alarms that exist (API reference).',
    moto: 'Begins anew with OK at every update, takes the tags, forgets the suppressor and asks for nothing.',
    patch: 'alarms_updated_in_place',
  },
  {
    service: 'cloudwatch',
    actions: ['PutMetricAlarm', 'PutCompositeAlarm'],
    aws: 'Refuses names above 255 and descriptions above 1024 characters, and control characters in a name (API reference).',
    moto: 'Takes any.',
    refuse: ({ AlarmName: name = '', AlarmDescription: description = '' }) => {
      const isFit =
        String(name).length <= 255 && String(description).length <= 1024 && !/\p{Cc}/u.test(String(name));
      return isFit ? undefined : new ServiceError('ValidationError', '1 validation error detected: too long');
    },
  },
  {
    service: 'cloudwatch',
    actions: ['DeleteAlarms'],
    aws:
      'Deletes at most one composite alarm a call, ignores unknown names (API reference), and refuses the whole call for ' +
      'an alarm that a composite one depends on: "Cannot delete ... as there are composite alarm(s) depending on them."',
    moto: 'Deletes all, and keeps their tags.',
    patch: 'composites_hold_their_alarms',
  },
  {
    service: 'cloudwatch',
    actions: ['DeleteAlarms'],
    aws: 'Takes up to 100 names (API reference).',
    moto: 'Takes any number.',
    refuse: atMost(100, 'AlarmNames'),
  },
  {
    service: 'cloudwatch',
    actions: ['PutMetricAlarm', 'PutCompositeAlarm', 'DeleteAlarms'],
    aws: 'Allows three of each a second (service quotas).',
    moto: 'Allows any number.',
    patch: 'three_changes_a_second',
  },
];

function atMost(count: number, member: string): (input: Members) => ServiceError | undefined {
  return ({ [member]: value }) => {
    if (!Array.isArray(value) || value.length <= count) return undefined;
    const place = member.charAt(0).toLowerCase() + member.slice(1);
    return new ServiceError(
      'ValidationError',
      `1 validation error detected: Value of ${value.length} members at '${place}' failed to satisfy constraint: ` +
        `Member must have length less than or equal to ${count}`,
    );
  };
}
