import { list, type Mapping } from '../../json.ts';
import { check } from '../constraints.ts';
import { defineStandIn, type StandInContext } from '../emulated-service.ts';
import { ServiceError } from '../response.ts';

export interface Calendar {
  readonly state: 'OPEN' | 'CLOSED';
  /** When that changes, in ISO 8601; never when absent. */
  readonly next?: string;
}

export interface SsmState {
  /** By the name or the ARN with which functions ask for them. */
  readonly calendars: Map<string, Calendar>;
}

/** moto keeps parameters and documents, but no change calendars. */
export default defineStandIn<SsmState>({
  service: 'ssm',
  createState: () => ({ calendars: new Map() }),
  operations: { GetCalendarState: getCalendarState },
});

function getCalendarState(input: Mapping, { state, now }: StandInContext<SsmState>): Mapping {
  check({ calendarNames: input['CalendarNames'] }, { calendarNames: { required: true } });
  const { AtTime: atTime = iso(now()) } = input;
  const at = Date.parse(String(atTime));
  if (Number.isNaN(at))
    throw new ServiceError('ValidationException', `AtTime ${atTime} is not in ISO 8601 format.`);
  const asked = list(input['CalendarNames']).map((name) => calendarNamed(String(name), state));
  const next = asked
    .map((one) => transitionOf(one))
    .filter((time) => Number.isFinite(time) && time > at && stateAt(asked, time) !== stateAt(asked, at));
  return {
    State: stateAt(asked, at),
    AtTime: atTime,
    ...(next.length > 0 && { NextTransitionTime: iso(Math.min(...next)) }),
  };
}

function calendarNamed(name: string, { calendars }: SsmState): Calendar {
  const found = calendars.get(name) ?? calendars.get(name.replace(/^arn:.*:document\//, ''));
  if (found) return found;
  throw new ServiceError('InvalidDocument', `Document with name ${name} does not exist.`);
}

/** Several calendars are open when all of them are. */
function stateAt(calendars: readonly Calendar[], at: number): Calendar['state'] {
  return calendars.every((one) => isOpenAt(one, at)) ? 'OPEN' : 'CLOSED';
}

/** A calendar here changes once: from its transition on it is the other way round. */
function isOpenAt(calendar: Calendar, at: number): boolean {
  return (calendar.state === 'OPEN') !== transitionOf(calendar) <= at;
}

const transitionOf = ({ next }: Calendar): number =>
  next === undefined ? Number.POSITIVE_INFINITY : Date.parse(next);

/** To the second, as Systems Manager writes times. */
const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
