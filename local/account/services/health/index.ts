import { type Mapping, mapping, numberOr } from '../../../json.ts';
import { validate } from '../../constraints.ts';
import {
  ConnectionDroppedError,
  defineEmulatedService,
  type ServiceContext,
} from '../../emulated-service.ts';
import { paginate } from '../../pagination.ts';
import { ServiceError } from '../../response.ts';
import { describeEventsConstraints, matchesFilter } from './filter.ts';
import { createHealthState, type HealthEvent, type HealthState } from './state.ts';

/** moto does not support AWS Health. */
export default defineEmulatedService<HealthState>({
  service: 'health',
  createState: createHealthState,
  operations: { DescribeEvents: describeEvents },
});

/** AWS does not document the default. A small page makes code without pagination fail. */
const defaultPageSize = 10;

function describeEvents(input: Mapping, context: ServiceContext<HealthState>): Mapping {
  assertReachable(context);
  validate(input, describeEventsConstraints);
  const { filter, locale = 'en', maxResults, nextToken } = input;
  if (locale !== 'en') throw new ServiceError('UnsupportedLocale', `The locale ${locale} is not supported.`);
  const found = visibleEvents(context).filter((event) => matchesFilter(event, mapping(filter)));
  const newestFirst = found.toSorted((a, b) => b.lastUpdatedTime.getTime() - a.lastUpdatedTime.getTime());
  const invalid = new ServiceError('InvalidPaginationToken', 'The specified pagination token is not valid.');
  const { items, ...rest } = paginate(newestFirst, numberOr(maxResults, defaultPageSize), nextToken, invalid);
  return { events: items, ...rest };
}

const otherPartitionEndpoints = ['cn-north-1', 'cn-northwest-1', 'us-gov-west-1'];

/** AWS Health has endpoints in two Regions and in other partitions. In any other Region the host does not exist. */
function assertReachable({ requestedRegion, state, caller, accountId }: ServiceContext<HealthState>): void {
  const endpoint = new Map(Object.entries(state.endpoints)).get(requestedRegion);
  if (endpoint === undefined && !otherPartitionEndpoints.includes(requestedRegion))
    throw new ConnectionDroppedError(`health.${requestedRegion}.amazonaws.com does not exist`);
  if (endpoint === 'down')
    throw new ConnectionDroppedError(`health.${requestedRegion}.amazonaws.com is down`);
  if (endpoint === 'throttled') throw new ServiceError('ThrottlingException', 'Rate exceeded');
  if (state.denied) {
    const user = `arn:aws:sts::${caller.account ?? accountId}:assumed-role/${caller.function}/${caller.function}`;
    throw new ServiceError(
      'AccessDeniedException',
      `User: ${user} is not authorized to perform: health:DescribeEvents because no identity-based policy allows ` +
        'the health:DescribeEvents action',
    );
  }
  if (!state.subscribed)
    throw new ServiceError(
      'SubscriptionRequiredException',
      'AWS Premium Support Subscription is required to use this service.',
    );
}

function visibleEvents({ state, caller, accountId }: ServiceContext<HealthState>): HealthEvent[] {
  const account = caller.account ?? accountId;
  const visible = [...state.events].flatMap(([owner, events]) =>
    events.filter(({ eventScopeCode }) => owner === account || eventScopeCode === 'PUBLIC'),
  );
  return [...new Map(visible.map((event) => [event.arn, event])).values()];
}
