import { list, type Mapping, mapping } from '../../../json.ts';
import type { Constraint, Constraints } from '../../constraints.ts';
import type { HealthEvent } from './state.ts';

const upTo = (max: number, each: Constraint = {}): Constraint => ({ min: 1, max, each });

/** The constraints of DescribeEvents in the API model. */
export const describeEventsConstraints: Constraints = {
  'filter.actionabilities': upTo(3, {
    oneOf: ['ACTION_REQUIRED', 'ACTION_MAY_BE_REQUIRED', 'INFORMATIONAL'],
  }),
  'filter.eventArns': upTo(10, {
    max: 1600,
    pattern: 'arn:aws(-[a-z]+(-[a-z]+)?)?:health:[^:]*:[^:]*:event(?:/[\\w\\-]+){3}',
  }),
  'filter.eventTypeCodes': upTo(10, { max: 100, min: 3, pattern: '[^:/]{3,100}' }),
  'filter.services': upTo(10, { max: 30, min: 2, pattern: '[^:/]{2,30}' }),
  'filter.regions': upTo(10, { max: 25, min: 2, pattern: '[^:/]{2,25}' }),
  'filter.availabilityZones': { each: { max: 18, min: 6, pattern: '[a-z]{2,4}\\-[0-9a-z\\-]{4,16}' } },
  'filter.startTimes': upTo(10),
  'filter.endTimes': upTo(10),
  'filter.lastUpdatedTimes': upTo(10),
  'filter.entityArns': upTo(99, { max: 1600 }),
  'filter.entityValues': upTo(99, { max: 1224 }),
  'filter.eventTypeCategories': upTo(10, {
    oneOf: ['issue', 'accountNotification', 'scheduledChange', 'investigation'],
  }),
  'filter.eventStatusCodes': upTo(6, { oneOf: ['open', 'closed', 'upcoming'] }),
  'filter.personas': upTo(3, { oneOf: ['OPERATIONS', 'SECURITY', 'BILLING'] }),
  nextToken: { min: 4, max: 10_000, pattern: '[a-zA-Z0-9=/+_.\\-]{4,10000}' },
  maxResults: { min: 1, max: 100 },
  locale: { min: 2, max: 256 },
};

type ReadValue = (event: HealthEvent) => unknown;

const values: Readonly<Record<string, ReadValue>> = {
  actionabilities: (event) => event.actionability,
  eventArns: (event) => event.arn,
  eventTypeCodes: (event) => event.eventTypeCode,
  services: (event) => event.service,
  regions: (event) => event.region,
  availabilityZones: (event) => event.availabilityZone,
  eventTypeCategories: (event) => event.eventTypeCategory,
  eventStatusCodes: (event) => event.statusCode,
};

const times: Readonly<Record<string, (event: HealthEvent) => Date | undefined>> = {
  startTimes: (event) => event.startTime,
  endTimes: (event) => event.endTime,
  lastUpdatedTimes: (event) => event.lastUpdatedTime,
};

/** Local events have no entities, so these filters would wrongly let every event pass. */
const unsupportedFilters = ['entityArns', 'entityValues', 'tags'];

/** Whether an event matches at least one value of every list in the filter. */
export function matchesFilter(event: HealthEvent, filter: Mapping): boolean {
  const unsupported = unsupportedFilters.find((name) => filter[name] !== undefined);
  if (unsupported)
    throw new Error(`The local AWS Health has no entities and does not support filter.${unsupported}`);
  return (
    Object.entries(values).every(([name, read]) => isIn(filter[name], [read(event)])) &&
    isIn(filter['personas'], event.personas ?? []) &&
    Object.entries(times).every(([name, read]) => isWithin(filter[name], read(event)))
  );
}

function isIn(wanted: unknown, found: readonly unknown[]): boolean {
  return wanted === undefined || wanted === null || list(wanted).some((one) => found.includes(one));
}

/** Ranges are in seconds since 1970 and include both ends. */
function isWithin(ranges: unknown, time: Date | undefined): boolean {
  if (ranges === undefined || ranges === null) return true;
  if (time === undefined) return false;
  const seconds = time.getTime() / 1000;
  return list(ranges).some((range) => {
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = mapping(range);
    return seconds >= Number(from) && seconds <= Number(to);
  });
}
