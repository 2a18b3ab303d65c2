import { list, type Mapping, mapping, optionalText } from '../json.ts';

/** What an invocation was about, as its payload tells. */
export interface Trigger {
  readonly kind: 'event' | 'schedule' | 'message' | 'job' | 'http' | 'call';
  /** The ids of the events of EventBridge in it. */
  readonly eventIds: readonly string[];
  /** For people: a route, the id of a job, a schedule. Empty for events. */
  readonly name: string;
  /** How often SQS has delivered the message that came most often; 1 for all else. */
  readonly deliveries: number;
}

export function readTrigger(payload: string): Trigger {
  const parsed = mapping(parse(payload));
  const records = list(parsed.Records).map(mapping);
  if (records.length === 0) return ofOne(parsed);
  const messages = records.map(({ body, Sns }) => mapping(parse(optionalText(body ?? mapping(Sns).Message))));
  const deliveries = records.map(({ attributes }) =>
    Number(mapping(attributes)['ApproximateReceiveCount'] ?? 1),
  );
  const each = messages.map(unwrap).map(ofOne);
  const known = each.find(({ kind }) => kind !== 'call') ?? each[0];
  return {
    kind: known === undefined || known.kind === 'call' ? 'message' : known.kind,
    name: known?.name ?? '',
    eventIds: each.flatMap(({ eventIds }) => eventIds),
    deliveries: Math.max(...deliveries),
  };
}

function ofOne(payload: Mapping): Trigger {
  const { id, resources, requestContext, routeKey, 'CodePipeline.job': job } = payload;
  const one = { eventIds: [], name: '', deliveries: 1 };
  if (job !== undefined) return { ...one, kind: 'job', name: String(mapping(job).id) };
  if (requestContext !== undefined) return { ...one, kind: 'http', name: String(routeKey) };
  if (payload['detail-type'] === undefined) return { ...one, kind: 'call' };
  const eventIds = [String(id)];
  if (payload['detail-type'] !== 'Scheduled Event') return { ...one, kind: 'event', eventIds };
  const [arn = ''] = list(resources).map(String);
  return { ...one, kind: 'schedule', eventIds, name: arn.slice(arn.lastIndexOf('/') + 1) };
}

/** A topic that does not deliver raw messages puts its own notification around them. */
function unwrap(message: Mapping): Mapping {
  return message['Type'] === 'Notification' ? mapping(parse(optionalText(message['Message']))) : message;
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
}
