import { awsEvent } from '../../scenario-kit/events.ts';
import type { World } from '../../scenario-kit/world.ts';

// Events, as AWS sends them.

function ec2Event(world: World, detailType: string, detail: object): object {
  return awsEvent(world, { source: 'aws.ec2', detailType, detail });
}

export function interruptionWarning(world: World, id: string, action = 'terminate'): object {
  const detail = { 'instance-id': id, 'instance-action': action };
  return ec2Event(world, 'EC2 Spot Instance Interruption Warning', detail);
}

export function capacityWarning(world: World, id: string): object {
  const detail = { 'instance-id': id, 'instance-action': 'terminate' };
  return ec2Event(world, 'EC2 Capacity Reservation Instance Interruption Warning', detail);
}

export function rebalanceRecommendation(world: World, id: string): object {
  return ec2Event(world, 'EC2 Instance Rebalance Recommendation', { 'instance-id': id });
}

export function stateChange(world: World, id: string, state: string): object {
  return ec2Event(world, 'EC2 Instance State-change Notification', { 'instance-id': id, state });
}

/** As CloudTrail reports a call, if the account has a trail. @param sessionName for a function, its name */
export function protectionChange(world: World, ids: readonly string[], sessionName: string): object {
  const detail = {
    eventSource: 'autoscaling.amazonaws.com',
    eventName: 'SetInstanceProtection',
    eventTime: new Date(world.clock.now()).toISOString().replace(/\.\d+Z/, 'Z'),
    userIdentity: { type: 'AssumedRole', principalId: `AROAEXAMPLE:${sessionName}` },
    requestParameters: { autoScalingGroupName: 'workers', instanceIds: ids, protectedFromScaleIn: false },
  };
  return awsEvent(world, { source: 'aws.autoscaling', detailType: 'AWS API Call via CloudTrail', detail });
}

/** As Auto Scaling reports each attempt that failed. */
export function launchUnsuccessful(world: World, group: string): object {
  const detail = {
    StatusCode: 'Failed',
    StatusMessage: 'Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity.',
    AutoScalingGroupName: group,
    ActivityId: crypto.randomUUID(),
    RequestId: crypto.randomUUID(),
    EC2InstanceId: '',
    StartTime: new Date(world.clock.now()).toISOString(),
    EndTime: new Date(world.clock.now()).toISOString(),
    Details: { 'Availability Zone': 'eu-west-1a', 'Subnet ID': 'subnet-12345678' },
    Cause: 'An instance was started in response to a difference between desired and actual capacity.',
  };
  return awsEvent(world, {
    source: 'aws.autoscaling',
    detailType: 'EC2 Instance Launch Unsuccessful',
    detail,
  });
}

const RETIREMENT = 'arn:aws:health:eu-west-1::event/AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED_1';

interface MaintenanceInput {
  readonly entities: readonly string[];
  readonly statusCode: string;
  readonly startsAt: number;
  readonly eventArn?: string;
  readonly eventTypeCode?: string;
  /** The status of the entities. */
  readonly status?: string;
}

export function scheduledMaintenance(world: World, input: MaintenanceInput): object {
  const { entities, statusCode, startsAt, eventArn = RETIREMENT, status = 'PENDING' } = input;
  const detail = {
    eventArn,
    service: 'EC2',
    eventTypeCode: input.eventTypeCode ?? 'AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED',
    eventTypeCategory: 'scheduledChange',
    eventScopeCode: 'ACCOUNT_SPECIFIC',
    startTime: new Date(startsAt).toUTCString(),
    statusCode,
    eventRegion: world.region,
    affectedEntities: entities.map((entityValue) => ({ entityValue, status })),
    page: '1',
    totalPages: '1',
    backupEvent: 'false',
  };
  return awsEvent(world, { source: 'aws.health', detailType: 'AWS Health Event', detail });
}
