import { list, type Mapping } from '../../json.ts';
import { validate } from '../constraints.ts';
import { defineEmulatedService, type ServiceContext } from '../emulated-service.ts';
import { ServiceError } from '../response.ts';

export interface Calendar {
  readonly state: 'OPEN' | 'CLOSED';
  /** When the state changes, in ISO 8601. Undefined: it never changes. */
  readonly next?: string;
}

export interface SsmState {
  /** By the name or ARN that functions use. */
  readonly calendars: Map<string, Calendar>;
}

/** moto supports parameters and documents, but not change calendars. */
export default defineEmulatedService<SsmState>({
  service: 'ssm',
  createState: () => ({ calendars: new Map() }),
  operations: { GetCalendarState: getCalendarState },
});

function getCalendarState(input: Mapping, { state, now }: ServiceContext<SsmState>): Mapping {
  validate({ calendarNames: input['CalendarNames'] }, { calendarNames: { required: true } });
  const { AtTime: atTime = formatTime(now()) } = input;
  const at = Date.parse(String(atTime));
  if (Number.isNaN(at))
    throw new ServiceError('ValidationException', `AtTime ${atTime} is not in ISO 8601 format.`);
  const asked = list(input['CalendarNames']).map((name) => findCalendar(String(name), state));
  const next = asked
    .map((one) => transitionTime(one))
    .filter((time) => Number.isFinite(time) && time > at && stateAt(asked, time) !== stateAt(asked, at));
  return {
    State: stateAt(asked, at),
    AtTime: atTime,
    ...(next.length > 0 && { NextTransitionTime: formatTime(Math.min(...next)) }),
  };
}

function findCalendar(name: string, { calendars }: SsmState): Calendar {
  const found = calendars.get(name) ?? calendars.get(name.replace(/^arn:.*:document\//, ''));
  if (found) return found;
  throw new ServiceError('InvalidDocument', `Document with name ${name} does not exist.`);
}

/** Several calendars are open if all of them are open. */
function stateAt(calendars: readonly Calendar[], at: number): Calendar['state'] {
  return calendars.every((one) => isOpenAt(one, at)) ? 'OPEN' : 'CLOSED';
}

/** A local calendar changes its state once, at its transition time. */
function isOpenAt(calendar: Calendar, at: number): boolean {
  return (calendar.state === 'OPEN') !== transitionTime(calendar) <= at;
}

const transitionTime = ({ next }: Calendar): number =>
  next === undefined ? Number.POSITIVE_INFINITY : Date.parse(next);

/** Systems Manager writes times without milliseconds. */
const formatTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
