import { isMapping, type Mapping, mapping } from '../json.ts';
import { compilePattern, type Matches } from './event-pattern.ts';

export interface Notice {
  readonly message: string;
  /** By name, as SNS has them: `{ DataType, StringValue }`. */
  readonly attributes: Mapping;
}

/** Whether a notice passes a subscription's FilterPolicy, on its attributes or on its body as the scope says. */
export function compileFilterPolicy(policy: unknown, scope: unknown): (notice: Notice) => boolean {
  if (policy === undefined) return () => true;
  const matches = compilePattern(policy);
  if (scope === 'MessageBody') return ({ message }) => matchesBody(message, matches);
  return ({ attributes }) => matches(plainAttributes(attributes));
}

/** A body that is no JSON object passes no policy. */
function matchesBody(message: string, matches: Matches): boolean {
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
