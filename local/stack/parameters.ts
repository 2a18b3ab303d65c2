import { isMapping, list, type Mapping, mapping } from '../json.ts';

export type ParameterValue = string | readonly string[];

/**
 * The values of a template's Parameters: what is given, else the defaults, checked as CloudFormation checks them.
 * Throws one message that names every fault.
 */
export function readParameters(
  declared: Mapping,
  given: Readonly<Record<string, string>>,
): ReadonlyMap<string, ParameterValue> {
  const faults = Object.keys(given)
    .filter((name) => !Object.hasOwn(declared, name))
    .map((name) => `${name} is given, but the template has no such parameter`);
  const values = new Map<string, ParameterValue>();
  for (const [name, block] of Object.entries(declared)) {
    const rules = mapping(block);
    const text = given[name] ?? defaultOf(rules);
    if (text === undefined) {
      faults.push(`${name} has no default and is not given`);
      continue;
    }
    const value = splitList(text, String(rules.Type));
    faults.push(...list(value).flatMap((one) => findFaults(name, String(one), rules)));
    values.set(name, value);
  }
  if (faults.length > 0) throw new Error(`Parameters: ${faults.join('; ')}`);
  return values;
}

function defaultOf({ Default: value }: Mapping): string | undefined {
  return value === undefined || isMapping(value) ? undefined : String(value);
}

function splitList(text: string, type: string): ParameterValue {
  const isList = type === 'CommaDelimitedList' || type.startsWith('List<');
  if (!isList) return text;
  return text === '' ? [] : text.split(',').map((one) => one.trim());
}

function findFaults(name: string, value: string, rules: Mapping): readonly string[] {
  const says = rules.ConstraintDescription ? ` (${rules.ConstraintDescription})` : '';
  return problemsOf(value, rules).map((problem) => `${name} is '${value}', which ${problem}${says}`);
}

function problemsOf(value: string, rules: Mapping): readonly string[] {
  const { AllowedPattern: pattern, AllowedValues: values } = rules;
  const problems: string[] = [];
  // CloudFormation matches the whole value, whatever anchors the pattern has.
  if (typeof pattern === 'string' && !new RegExp(`^(?:${pattern})$`, 'u').test(value)) {
    problems.push(`does not match ${pattern}`);
  }
  if (values !== undefined && !list(values).map(String).includes(value)) {
    problems.push(`is none of ${list(values).join(', ')}`);
  }
  if (String(rules.Type).includes('Number')) problems.push(...numberProblems(value, rules));
  else problems.push(...lengthProblems(value, rules));
  return problems;
}

function numberProblems(value: string, { MinValue: least, MaxValue: most }: Mapping): readonly string[] {
  const number = value.trim() === '' ? Number.NaN : Number(value);
  if (Number.isNaN(number)) return ['is no number'];
  return bounds(number, least, most);
}

function lengthProblems(value: string, { MinLength: least, MaxLength: most }: Mapping): readonly string[] {
  return bounds(value.length, least, most).map((problem) => `${problem} characters long`);
}

function bounds(number: number, least: unknown, most: unknown): readonly string[] {
  if (least !== undefined && number < Number(least)) return [`is not at least ${least}`];
  if (most !== undefined && number > Number(most)) return [`is not at most ${most}`];
  return [];
}
