/** An event of AWS Health, as its API tells it. */
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

/** down: the connection dies. throttled: every call is refused with ThrottlingException. */
export type EndpointState = 'up' | 'down' | 'throttled';

export interface HealthState {
  /** By account. A public event is every account's, whichever it is kept for. */
  readonly events: Map<string, HealthEvent[]>;
  readonly endpoints: Record<'us-east-1' | 'us-east-2', EndpointState>;
  /** False: the account has no support plan that includes the API. */
  subscribed: boolean;
  /** True: the caller's policies do not allow the call. */
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
