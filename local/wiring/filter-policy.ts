import { isMapping, type Mapping, mapping } from '../json.ts';
import { compilePattern, type EventMatcher } from './event-pattern.ts';

export interface TopicMessage {
  readonly message: string;
  /** By name, in the form of SNS: `{ DataType, StringValue }`. */
  readonly attributes: Mapping;
}

/** Compiles the FilterPolicy of a subscription. The scope says whether it applies to attributes or to the body. */
export function compileFilterPolicy(policy: unknown, scope: unknown): (message: TopicMessage) => boolean {
  if (policy === undefined) return () => true;
  const matches = compilePattern(policy);
  if (scope === 'MessageBody') return ({ message }) => matchesBody(message, matches);
  return ({ attributes }) => matches(plainAttributes(attributes));
}

/** A body that is not a JSON object passes no policy. */
function matchesBody(message: string, matches: EventMatcher): boolean {
  try {
    const body: unknown = JSON.parse(message);
    return isMapping(body) && matches(body);
  } catch {
    return false;
  }
}

function plainAttributes(attributes: Mapping): Mapping {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, one]) => [name, plainValue(mapping(one))]),
  );
}

function plainValue({ DataType: type, StringValue: value }: Mapping): unknown {
  if (type === 'Number') return Number(value);
  return type === 'String.Array' ? JSON.parse(String(value)) : value;
}
