import { list, type Mapping, mapping } from '../json.ts';
import type { Resource, Stack } from './stack.ts';

/** An action on a resource that a caller asks for. */
interface Permission {
  readonly action: string;
  readonly arn: string;
  readonly canHaveTags: boolean;
  readonly values?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Whether a function's role can allow an action on a resource. The values of conditions are not evaluated, with two
 * exceptions: a required tag cannot be on a resource that has no tags, and ForAllValues:StringEquals is tested where the
 * call itself gives the values.
 */
export type Authorize = (functionId: string, permission: Permission) => boolean;

export function createAuthorize(stack: Stack): Authorize {
  const policies = new Map(
    stack.ofType('AWS::Lambda::Function').map((lambda) => [lambda.id, readStatements(stack, lambda)]),
  );
  return (functionId, permission) => {
    const statements = policies.get(functionId);
    return statements === undefined || statements.some((statement) => canAllow(statement, permission));
  };
}

interface Statement {
  readonly actions: ReadonlySet<string>;
  readonly resources: readonly RegExp[];
  readonly requiresTag: boolean;
  /** The allowed values by condition key. */
  readonly allValues: ReadonlyMap<string, ReadonlySet<string>>;
}

/** @returns undefined for a function whose role is not in the template */
function readStatements(stack: Stack, { properties }: Resource): Statement[] | undefined {
  const role = stack.findByArn(String(properties.Role));
  if (role?.type !== 'AWS::IAM::Role') return undefined;
  const documents = list(role.properties.Policies).map((policy) => mapping(mapping(policy).PolicyDocument));
  return documents
    .flatMap(({ Statement: statements }) => list(statements).map(mapping))
    .filter(({ Effect }) => Effect === 'Allow')
    .map(readStatement);
}

function readStatement({ Action, Condition, Resource: resource }: Mapping): Statement {
  const required = Object.entries(mapping(Condition)).filter(
    ([operator]) => !/IfExists$|^Null$|^ForAllValues:/.test(operator),
  );
  return {
    actions: new Set(texts(Action)),
    resources: texts(resource).map(toRegExp),
    requiresTag: required.some(([, tested]) => Object.keys(mapping(tested)).some(isTagKey)),
    allValues: new Map(
      Object.entries(mapping(mapping(Condition)['ForAllValues:StringEquals'])).map(([key, allowed]) => [
        key,
        new Set(texts(allowed)),
      ]),
    ),
  };
}

function canAllow(statement: Statement, permission: Permission): boolean {
  const { actions, allValues, requiresTag, resources } = statement;
  const { action, arn, canHaveTags, values = {} } = permission;
  const meetsValues = Object.entries(values).every(([key, given]) => {
    const allowed = allValues.get(key);
    return allowed === undefined || given.every((one) => allowed.has(one));
  });
  return (
    actions.has(action) &&
    resources.some((one) => one.test(arn)) &&
    (canHaveTags || !requiresTag) &&
    meetsValues
  );
}

function isTagKey(key: string): boolean {
  return /\bResourceTag\//i.test(key);
}

function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** In a resource, `*` stands for any text, colons and slashes included. */
function toRegExp(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}
