import { ServiceError } from '../response.ts';
import { atMost, type Correction } from './correction.ts';
import { cloudWatchCorrections } from './corrections-cloudwatch.ts';

/** The complete list of corrections. A test covers each of them. */
export const corrections: readonly Correction[] = [
  {
    service: 'autoscaling',
    actions: ['DetachInstances', 'SetInstanceProtection'],
    aws:
      'Rejects the whole call with ValidationError if one instance is not in the group, or is in a state that does not ' +
      'allow it (to detach: InService or Standby). Observed message: "The instance i-... is not in InService or ' +
      'Standby." An unknown group is a ValidationError too.',
    moto: 'Skips instances that are not members, accepts every state, and fails internally for an unknown group.',
    patch: 'require_group_membership',
  },
  {
    service: 'autoscaling',
    actions: ['DetachInstances'],
    aws: 'Accepts up to 20 instances (API reference, InstanceIds).',
    moto: 'Accepts any number.',
    refuse: atMost(20, 'InstanceIds'),
  },
  {
    service: 'autoscaling',
    actions: ['SetInstanceProtection', 'DescribeAutoScalingInstances'],
    aws: 'Accepts up to 50 instances (API reference, InstanceIds).',
    moto: 'Accepts any number.',
    refuse: atMost(50, 'InstanceIds'),
  },
  {
    service: 'autoscaling',
    actions: ['TerminateInstanceInAutoScalingGroup'],
    aws:
      'Accepts InstanceId, or InstanceIds with AutoScalingGroupName, and then returns Activities (API reference). An ' +
      'instance without a group is a ValidationError "Instance Id not found".',
    moto: 'Accepts only InstanceId, and fails internally for an instance without a group.',
    patch: 'terminate_several_instances',
  },
  {
    service: 'autoscaling',
    actions: ['TerminateInstanceInAutoScalingGroup'],
    aws:
      'With a terminate hook the instance stays in the group as Terminating:Wait until the hook is completed. It is ' +
      'deregistered from the load balancers and does not count in the capacity. The replacement is launched during this ' +
      'time (user guide, lifecycle hooks).',
    moto: 'Stores the hook, but terminates at once.',
    patch: 'wait_for_terminate_hook',
  },
  {
    service: 'autoscaling',
    actions: ['DetachInstances', 'TerminateInstanceInAutoScalingGroup', 'EnterStandby', 'ExitStandby'],
    aws:
      'Registers an instance with the load balancers of its group when it joins, and deregisters it when it leaves ' +
      '(user guide, detach instances). An instance that was deregistered manually stays deregistered.',
    moto: 'Leaves it registered, and registers all members again at every change.',
    patch: 'follow_group_membership',
  },
  {
    service: 'elasticloadbalancing',
    actions: ['RegisterTargets', 'DeregisterTargets', 'DescribeTargetHealth'],
    aws:
      'A target is an id and a port: one instance can be registered with several ports, and a target with a port ' +
      'override must be deregistered with this port. Deregistering an unknown target succeeds. A deregistered target is ' +
      'listed as draining for the deregistration delay (API reference and user guide, deregistration delay). An instance ' +
      'that does not exist cannot be registered.',
    moto: 'Stores targets by id only, does not deregister an unknown target, and lists no draining targets.',
    patch: 'key_targets_by_port',
  },
  {
    service: 'elasticloadbalancing',
    actions: ['RegisterInstancesWithLoadBalancer', 'DeregisterInstancesFromLoadBalancer'],
    aws: 'Registering twice registers once. Deregistering also removes an instance that Auto Scaling registered.',
    moto: 'Lists it twice, and does not remove an instance that Auto Scaling registered.',
    patch: 'register_classic_instances_once',
  },
  {
    service: 'ec2',
    actions: ['TerminateInstances'],
    aws: 'A terminated instance is deregistered from its load balancers (user guides of both kinds).',
    moto: 'Deregisters it only from target groups, and only if it was terminated through EC2.',
    patch: 'deregister_on_termination',
  },
  {
    service: 'ec2',
    actions: ['DescribeInstances'],
    aws: 'Rejects the whole call with InvalidInstanceID.NotFound, which names every unknown id.',
    moto: 'Names only the first one.',
    patch: 'name_all_unknown_instances',
  },
  {
    service: 'ec2',
    actions: ['DescribeInstances'],
    aws: 'Rejects an id with an invalid format with InvalidInstanceID.Malformed.',
    moto: 'Rejects it with InvalidInstanceID.NotFound.',
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
    aws: 'Accepts up to 1000 ids, and no ids together with MaxResults (API reference).',
    moto: 'Accepts any number, and both together.',
    refuse: (input) => {
      if (input['InstanceId'] === undefined || input['MaxResults'] === undefined)
        return atMost(1000, 'InstanceId')(input);
      const message = 'The parameter instancesSet cannot be used with the parameter maxResults';
      return new ServiceError('InvalidParameterCombination', message);
    },
  },
  {
    service: 'ec2',
    actions: ['DescribeInstances', 'ModifyInstancePlacement'],
    aws: 'Filters instances by host-id, and moves a stopped instance to another Dedicated Host (API reference).',
    moto: 'Knows neither the filter nor the action.',
    patch: 'find_instances_on_hosts',
  },
  {
    service: 'ec2',
    actions: ['CreateTags'],
    aws: 'Rejects an instance that does not exist with InvalidInstanceID.NotFound.',
    moto: 'Stores the tags.',
    patch: 'tag_existing_instances_only',
  },
  {
    service: 'ec2',
    actions: ['DescribeImages'],
    aws: 'Returns only images of the given Owners, also if ids are given. Other ids are left out (API reference).',
    moto: 'Ignores Owners if ids are given.',
    patch: 'filter_images_by_owner',
  },
  {
    service: 'ec2',
    actions: ['DescribeImages', 'CopyImage'],
    aws:
      'CopyImage with Encrypted or KmsKeyId encrypts the snapshots of the copy, with aws/ebs if no key is given. A block ' +
      'device mapping says whether its snapshot is encrypted (API reference, CopyImage, EbsBlockDevice).',
    moto: 'Copies without encryption, and reports no mapping as encrypted.',
    patch: 'encrypt_copied_snapshots',
  },
  {
    service: 'ec2',
    actions: ['ModifyImageAttribute', 'ModifySnapshotAttribute'],
    aws:
      'Images encrypted with the AWS managed key cannot be shared: "You can\'t share an AMI with encrypted snapshots ' +
      'that use the default AWS managed key" (user guides, share an AMI, share a snapshot).',
    moto: 'Shares them.',
    patch: 'refuse_sharing_with_default_key',
  },
  {
    service: 'kms',
    actions: ['DescribeKey'],
    aws: 'KeyManager is AWS for keys that services create for themselves (API reference, KeyMetadata).',
    moto: 'Returns CUSTOMER for every key.',
    patch: 'mark_aws_managed_keys',
  },
  ...cloudWatchCorrections,
];
