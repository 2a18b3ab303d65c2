import { isMapping, list, type Mapping, mapping } from '../json.ts';
import type { ParameterValue } from './parameters.ts';

export type Values = ReadonlyMap<string, ParameterValue>;

/**
 * Checks a template's Rules as CloudFormation does before it creates anything: combinations of parameters. Throws one
 * message with the AssertDescription of every assertion that is false.
 */
export function checkRules(rules: Mapping, values: Values): void {
  const broken = Object.values(rules)
    .map(mapping)
    .filter(({ RuleCondition: condition }) => condition === undefined || isTrue(condition, values))
    .flatMap(({ Assertions }) => list(Assertions).map(mapping))
    .filter(({ Assert }) => !isTrue(Assert, values));
  if (broken.length === 0) return;
  throw new Error(`Rules: ${broken.map(({ AssertDescription: says }) => says).join('; ')}`);
}

/** Rules have functions that exist only there. Of the other functions they accept only Ref. */
function isTrue(value: unknown, values: Values): boolean {
  const [name = '', ...others] = Object.keys(mapping(value));
  const parts = list(mapping(value)[name]);
  const [left, right] = parts;
  switch (others.length === 0 ? name : '') {
    case 'Fn::And':
      return parts.every((part) => isTrue(part, values));
    case 'Fn::Or':
      return parts.some((part) => isTrue(part, values));
    case 'Fn::Not':
      return !isTrue(left, values);
    case 'Fn::Equals':
      return textOf(left, values) === textOf(right, values);
    case 'Fn::Contains':
      return textsOf(left, values).includes(textOf(right, values));
    case 'Fn::EachMemberEquals':
      return textsOf(left, values).every((text) => text === textOf(right, values));
    case 'Fn::EachMemberIn':
      return textsOf(left, values).every((text) => textsOf(right, values).includes(text));
    default:
      throw new Error(`${JSON.stringify(value)} is not understood in a rule: add it to local/stack/rules.ts`);
  }
}

function textOf(value: unknown, values: Values): string {
  const text = isMapping(value) ? parameter(value, values) : value;
  if (typeof text === 'object' || text === undefined) throw new Error(`A rule compares a text with a list`);
  return String(text);
}

/** An empty list has one member here, the empty text: CloudFormation splits '' and gets ['']. */
function textsOf(value: unknown, values: Values): readonly string[] {
  if (Array.isArray(value)) return value.map((one) => textOf(one, values));
  const texts = isMapping(value) ? parameter(value, values) : undefined;
  if (!Array.isArray(texts)) throw new Error(`A rule takes a list, not ${JSON.stringify(value)}`);
  return texts.length === 0 ? [''] : texts;
}

function parameter(value: Mapping, values: Values): ParameterValue {
  const found = values.get(String(value.Ref));
  if (found !== undefined) return found;
  throw new Error(`${JSON.stringify(value)} is no parameter, and a rule knows nothing else`);
}
