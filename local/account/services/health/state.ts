/** An event of AWS Health, in the form of its API. */
export interface HealthEvent {
  readonly arn: string;
  readonly service: string;
  readonly eventTypeCode: string;
  readonly eventTypeCategory: 'issue' | 'accountNotification' | 'scheduledChange' | 'investigation';
  readonly region: string;
  readonly availabilityZone?: string;
  readonly startTime: Date;
  readonly endTime?: Date;
  readonly lastUpdatedTime: Date;
  readonly statusCode: 'open' | 'closed' | 'upcoming';
  readonly eventScopeCode: 'PUBLIC' | 'ACCOUNT_SPECIFIC' | 'NONE';
  readonly actionability?: 'ACTION_REQUIRED' | 'ACTION_MAY_BE_REQUIRED' | 'INFORMATIONAL';
  readonly personas?: readonly ('OPERATIONS' | 'SECURITY' | 'BILLING')[];
}

/** down: the connection is dropped. throttled: every call fails with ThrottlingException. */
type EndpointState = 'up' | 'down' | 'throttled';

export interface HealthState {
  /** By account. Every account sees public events, whichever account they are stored for. */
  readonly events: Map<string, HealthEvent[]>;
  readonly endpoints: Record<'us-east-1' | 'us-east-2', EndpointState>;
  /** False if the account has no support plan that includes the API. */
  subscribed: boolean;
  /** True if the policies of the caller do not allow the call. */
  denied: boolean;
}

export function createHealthState(): HealthState {
  return {
    events: new Map(),
    endpoints: { 'us-east-1': 'up', 'us-east-2': 'up' },
    subscribed: true,
    denied: false,
  };
}
