import { isReadAction } from '../account/read-actions.ts';
import type { Call } from '../account/types.ts';
import { isMapping, type Mapping, mapping } from '../json.ts';
import type { Finished } from '../runtime/pool.ts';
import type { Arrival, PutEvent } from '../wiring/arrival.ts';
import type { Chat, Mail } from '../wiring/sns-topics.ts';

// What happened, as chains: an event, the rules that it matched, the functions that ran, their calls, mails and events.

export interface FunctionRun extends Finished {
  readonly function: string;
}

export interface Happenings {
  readonly events: readonly PutEvent[];
  readonly runs: readonly FunctionRun[];
  readonly calls: readonly Call[];
  readonly mails: readonly (Mail & Arrival)[];
  readonly chats: readonly (Chat & Arrival)[];
}

export interface Chain {
  /** Stays the same while the chain grows. */
  readonly key: string;
  readonly at: number;
  /** The event that began it; undefined for a request, a job, a schedule or a call. */
  readonly event?: Mapping;
  /** How many events it stands for: a batch may have many. */
  readonly events: number;
  readonly kind: Finished['trigger']['kind'];
  readonly name: string;
  readonly rules: readonly string[];
  readonly links: readonly ChainLink[];
  /** The event came out of a call, so the chain of that call names it. */
  readonly isFromInside: boolean;
}

/** One invocation and what it caused. */
export interface ChainLink {
  readonly run: FunctionRun;
  readonly calls: readonly Call[];
  readonly mails: readonly (Mail & Arrival)[];
  readonly chats: number;
  /** The detail types of the events that it published. */
  readonly published: readonly string[];
  /** Messages of the batch that SQS delivers again. */
  readonly failedItems: number;
}

/** The newest first. */
export function joinChains(given: Happenings): readonly Chain[] {
  const groups = groupByEvent(given);
  return [...groups.values()]
    .map((group) => toChain(group, given))
    .toSorted((a, b) => b.at - a.at || b.key.localeCompare(a.key));
}

interface Group {
  readonly key: string;
  readonly events: PutEvent[];
  readonly runs: FunctionRun[];
}

/** Events that were put together or that one invocation got together are one group, and so are copies of one event. */
function groupByEvent({ events, runs, calls }: Happenings): ReadonlyMap<string, Group> {
  const leaders = new Map<string, string>();
  const leaderOf = (id: string): string => {
    let leader = id;
    for (let next = leaders.get(leader); next !== undefined; next = leaders.get(leader)) leader = next;
    return leader;
  };
  const join = (first: string, other: string): void => {
    if (leaderOf(other) !== leaderOf(first)) leaders.set(leaderOf(other), leaderOf(first));
  };
  for (const [first = '', ...others] of idsOfOnePut(events)) for (const other of others) join(first, other);
  const keyed = runs.map((run) => {
    const [first = keyOf(findInvoker(run, runs, calls) ?? run), ...others] = run.trigger.eventIds;
    for (const other of others) join(first, other);
    return [first, run] as const;
  });
  const groups = new Map<string, Group>();
  const groupOf = (id: string): Group => {
    const key = leaderOf(id);
    const group = groups.get(key) ?? { key, events: [], runs: [] };
    groups.set(key, group);
    return group;
  };
  for (const event of events) groupOf(String(event.event['id'])).events.push(event);
  for (const [key, run] of keyed) groupOf(key).runs.push(run);
  return groups;
}

/** The ids of events of one type that were put on the bus together. */
function idsOfOnePut(events: readonly PutEvent[]): readonly (readonly string[])[] {
  const puts = new Map<string, string[]>();
  for (const { event, arrivedAt } of events) {
    const key = `${arrivedAt} ${event['detail-type']}`;
    const ids = puts.get(key) ?? [];
    ids.push(String(event['id']));
    puts.set(key, ids);
  }
  return [...puts.values()];
}

function keyOf({ function: id, invoked, trigger }: FunctionRun): string {
  return trigger.eventIds[0] ?? `${id} ${invoked.requestId}`;
}

/** The run that invoked this one and waited for it. */
function findInvoker(
  run: FunctionRun,
  runs: readonly FunctionRun[],
  calls: readonly Call[],
): FunctionRun | undefined {
  if (run.trigger.kind !== 'call') return undefined;
  return runs.find(
    (one) =>
      one.begunAt < run.begunAt &&
      one.endedAt > run.endedAt &&
      calls.some((call) => call.service === 'lambda' && isDuring(call, one) && call.arrivedAt < run.begunAt),
  );
}

function isDuring({ arrivedAt, function: id, process }: Call, run: FunctionRun): boolean {
  return (
    id === run.function && process === run.process && arrivedAt >= run.begunAt && arrivedAt <= run.endedAt
  );
}

function toChain({ key, events, runs }: Group, given: Happenings): Chain {
  const sorted = runs.toSorted((a, b) => a.begunAt - b.begunAt);
  const [first] = sorted;
  const [head] = events;
  return {
    key,
    at: Math.min(head?.at ?? Number.POSITIVE_INFINITY, first?.at ?? Number.POSITIVE_INFINITY),
    ...(head && { event: head.event }),
    events: Math.max(events.length, 1),
    kind: head ? 'event' : (first?.trigger.kind ?? 'event'),
    name: first?.trigger.name ?? '',
    rules: [...new Set(events.flatMap(({ rules }) => rules))],
    links: sorted.map((run) => toLink(run, given)),
    isFromInside: head?.publishedBy !== undefined,
  };
}

function toLink(run: FunctionRun, { calls, events, mails, chats }: Happenings): ChainLink {
  const isInside = (at: number): boolean => at >= run.begunAt && at <= run.endedAt;
  const isBy = (caller: { readonly function: string; readonly process: number } | undefined): boolean =>
    caller?.function === run.function && caller.process === run.process;
  const caused = ({ arrivedAt, publishedBy }: Arrival & Pick<Mail, 'publishedBy'>): boolean =>
    isBy(publishedBy) && isInside(arrivedAt);
  return {
    run,
    calls: calls.filter((call) => isDuring(call, run)),
    mails: mails.filter(caused),
    chats: chats.filter(caused).length,
    published: events
      .filter(({ arrivedAt, publishedBy }) => isBy(publishedBy) && isInside(arrivedAt))
      .map(({ event }) => String(event['detail-type'])),
    failedItems: countFailedItems(run),
  };
}

function countFailedItems({ invoked }: FunctionRun): number {
  if (!invoked.ok || !invoked.payload.includes('batchItemFailures')) return 0;
  const { batchItemFailures } = mapping(JSON.parse(invoked.payload));
  return Array.isArray(batchItemFailures) ? batchItemFailures.length : 0;
}

/** An invocation is no change: the function that it runs has calls of its own. */
export function isWrite({ action }: Pick<Call, 'action'>): boolean {
  return !isReadAction(action) && action !== 'Invoke';
}

/** A scheduled run that found nothing to do, or an event of a function or a service that no rule matched. */
export function isUneventful({ kind, links, isFromInside }: Chain): boolean {
  if (links.length === 0) return isFromInside;
  return kind === 'schedule' && links.every(({ run, calls }) => run.invoked.ok && !calls.some(isWrite));
}

const uninteresting = /^[\da-f]{8}-[\da-f-]{27}$|^\d{4}-\d\d-\d\dT|^arn:|^\w{3}, \d\d \w{3}/;

/** A few words of what an event is about: the texts in its detail that are short, no ids of events and no times. */
export function describeDetail(event: Mapping): readonly string[] {
  const texts = Object.values(mapping(event['detail'])).flatMap((value) =>
    isMapping(value) ? Object.values(value) : [value],
  );
  const strings = texts.filter((one): one is string => typeof one === 'string' && one.length > 1);
  const short = strings.filter((one) => one.length <= 44 && !uninteresting.test(one));
  return [...new Set(short)].slice(0, 3);
}
