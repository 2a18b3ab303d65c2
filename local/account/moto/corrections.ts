import { ServiceError } from '../response.ts';
import { atMost, type Correction } from './correction.ts';
import { cloudWatchCorrections } from './corrections-cloudwatch.ts';

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
  ...cloudWatchCorrections,
];
