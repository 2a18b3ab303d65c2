import { type Mapping, mapping, numberOr } from '../../../json.ts';
import { check } from '../../constraints.ts';
import { defineStandIn, HangUp, type StandInContext } from '../../emulated-service.ts';
import { pageOf } from '../../pagination.ts';
import { ServiceError } from '../../response.ts';
import { describeEventsConstraints, passes } from './filter.ts';
import { createHealthState, type HealthEvent, type HealthState } from './state.ts';

/** moto has no AWS Health. */
export default defineStandIn<HealthState>({
  service: 'health',
  createState: createHealthState,
  operations: { DescribeEvents: describeEvents },
});

/** AWS names no number; whoever met its throttling asked for pages of 100 instead. */
const defaultPage = 10;

function describeEvents(input: Mapping, context: StandInContext<HealthState>): Mapping {
  reachEndpoint(context);
  check(input, describeEventsConstraints);
  const { filter, locale = 'en', maxResults, nextToken } = input;
  if (locale !== 'en') throw new ServiceError('UnsupportedLocale', `The locale ${locale} is not supported.`);
  const found = eventsFor(context).filter((event) => passes(event, mapping(filter)));
  const newestFirst = found.toSorted((a, b) => b.lastUpdatedTime.getTime() - a.lastUpdatedTime.getTime());
  const invalid = new ServiceError('InvalidPaginationToken', 'The specified pagination token is not valid.');
  const { items, ...rest } = pageOf(newestFirst, numberOr(maxResults, defaultPage), nextToken, invalid);
  return { events: items, ...rest };
}

const otherEndpoints = ['cn-north-1', 'cn-northwest-1', 'us-gov-west-1'];

/** Health answers in two Regions and their partitions' likes: a client that asks in its own finds no host. */
function reachEndpoint({ askedRegion, state, caller, accountId }: StandInContext<HealthState>): void {
  const endpoint = new Map(Object.entries(state.endpoints)).get(askedRegion);
  if (endpoint === undefined && !otherEndpoints.includes(askedRegion))
    throw new HangUp(`health.${askedRegion}.amazonaws.com does not exist`);
  if (endpoint === 'down') throw new HangUp(`health.${askedRegion}.amazonaws.com is down`);
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

function eventsFor({ state, caller, accountId }: StandInContext<HealthState>): HealthEvent[] {
  const account = caller.account ?? accountId;
  const seen = [...state.events].flatMap(([owner, events]) =>
    events.filter(({ eventScopeCode }) => owner === account || eventScopeCode === 'PUBLIC'),
  );
  return [...new Map(seen.map((event) => [event.arn, event])).values()];
}
