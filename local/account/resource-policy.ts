import { list, type Mapping, mapping } from '../json.ts';

type Keys = Readonly<Record<string, unknown>>;

/**
 * Whether a Deny statement of a resource policy applies. Of the operators it knows those that the pack's policies use. A
 * condition with a negated operator holds if the request does not have the key.
 */
export function isDenied(policy: string, action: string, keys: Keys): boolean {
  const statements = list(mapping(JSON.parse(policy)).Statement).map(mapping);
  return statements.some(
    ({ Action, Condition, Effect }) =>
      Effect === 'Deny' && texts(Action).includes(action.toLowerCase()) && isMet(mapping(Condition), keys),
  );
}

function isMet(condition: Mapping, keys: Keys): boolean {
  return Object.entries(condition).every(([operator, tested]) => {
    const test = operators[operator];
    if (!test) throw new Error(`Add the operator ${operator} to local/account/resource-policy.ts.`);
    return Object.entries(mapping(tested)).every(([key, wanted]) =>
      test(keys[key], Array.isArray(wanted) ? wanted : [wanted]),
    );
  });
}

const isNoneOf = (value: unknown, wanted: readonly unknown[]): boolean => !wanted.includes(value);

const operators: Readonly<Record<string, (value: unknown, wanted: readonly unknown[]) => boolean>> = {
  ArnNotEquals: isNoneOf,
  StringNotEquals: isNoneOf,
};

function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map((one) => String(one).toLowerCase());
}
