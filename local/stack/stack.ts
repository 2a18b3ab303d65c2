import { type Mapping, mapping, optionalText } from '../json.ts';
import { isMet, noValue, resolve, type Scope } from './intrinsics.ts';
import { readParameters } from './parameters.ts';
import { kinds, type Names } from './resource-types.ts';
import { checkRules } from './rules.ts';

export interface StackNames {
  readonly region: string;
  readonly accountId: string;
  readonly stackName: string;
  /** Where the account answers: queue URLs point at it, because the SDK calls whatever host a queue URL names. */
  readonly endpoint: string;
  /** Where the template's HTTP API answers. */
  readonly httpUrl: string;
}

export interface Resource {
  readonly id: string;
  readonly type: string;
  /** The physical name. */
  readonly name: string;
  readonly properties: Mapping;
  readonly metadata: Mapping;
}

/** A template as CloudFormation would deploy it here: only what its conditions let through, all values worked out. */
export interface Stack {
  readonly names: StackNames;
  readonly resources: readonly Resource[];
  ofType(type: string): readonly Resource[];
  find(id: string): Resource;
  /** The resource that an ARN or, for queues, a URL belongs to. */
  findByArn(arn: string): Resource | undefined;
  ref(id: string): string;
  attribute(id: string, name: string): string;
}

/** Works out a template that has no Transform left. */
export function evaluate(
  template: Mapping,
  parameters: Readonly<Record<string, string>>,
  names: StackNames,
): Stack {
  const blocks = mapping(template.Resources);
  refuseUnknownTypes(blocks);
  const scope = createScope(template, parameters, names);
  const resources = Object.entries(blocks)
    .filter(([, block]) => isPresent(mapping(block), scope))
    .map(([id, block]) => describe(id, mapping(block), scope));
  const byId = new Map(resources.map((one) => [one.id, one]));
  const byArn = new Map(resources.map((one) => [scope.arnOf(one.id), one]));
  return {
    names,
    resources,
    ofType: (type) => resources.filter((one) => one.type === type),
    find: (id) => {
      const found = byId.get(id);
      if (found) return found;
      throw new Error(`There is no ${id} in the template: it has ${[...byId.keys()].sort().join(', ')}`);
    },
    findByArn: (arn) => byArn.get(arn),
    ref: (id) => scope.refOf(id),
    attribute: (id, name) => scope.attribute(id, name),
  };
}

interface ResourceScope extends Scope {
  refOf(id: string): string;
  arnOf(id: string): string | undefined;
  nameOf(id: string): string;
}

function refuseUnknownTypes(blocks: Mapping): void {
  const unknown = Object.entries(blocks).filter(
    ([, block]) => !Object.hasOwn(kinds, String(mapping(block).Type)),
  );
  if (unknown.length === 0) return;
  const listed = unknown.map(([id, block]) => `${id} is an ${mapping(block).Type}`).join('; ');
  throw new Error(
    `${listed}: no such type is known on this machine. Add it to local/stack/resource-types.ts.`,
  );
}

function isPresent(block: Mapping, scope: Scope): boolean {
  return block.Condition === undefined || scope.condition(String(block.Condition));
}

function describe(id: string, block: Mapping, scope: ResourceScope): Resource {
  try {
    return {
      id,
      type: String(block.Type),
      name: scope.nameOf(id),
      properties: mapping(resolve(block.Properties ?? {}, scope)),
      metadata: mapping(block.Metadata),
    };
  } catch (error) {
    throw new Error(`${id}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

function createScope(
  template: Mapping,
  given: Readonly<Record<string, string>>,
  names: StackNames,
): ResourceScope {
  const blocks = mapping(template.Resources);
  const conditions = mapping(template.Conditions);
  const parameters = readParameters(mapping(template.Parameters), given);
  checkRules(mapping(template.Rules), parameters);
  const values = new Map<string, unknown>([...parameters, ...pseudoParameters(names)]);
  const scope: ResourceScope = {
    mappings: mapping(template.Mappings),
    condition: (name) => {
      if (!Object.hasOwn(conditions, name)) throw new Error(`There is no condition ${name} in the template`);
      return isMet(conditions[name], scope);
    },
    ref: (name) => (values.has(name) ? values.get(name) : scope.refOf(name)),
    refOf: (id) => {
      const { ref = plainName } = kindOf(id, blocks);
      return ref(namesOf(id));
    },
    arnOf: (id) => {
      const { attributes = {} } = kindOf(id, blocks);
      return (attributes.Arn ?? attributes.TopicArn)?.(namesOf(id));
    },
    attribute: (id, name) => {
      const attribute = kindOf(id, blocks).attributes?.[name];
      if (attribute) return attribute(namesOf(id));
      throw new Error(
        `${id} has no attribute ${name} on this machine. Add it to local/stack/resource-types.ts.`,
      );
    },
    nameOf: (id) => {
      const { named } = kindOf(id, blocks);
      const own = named && resolve(mapping(mapping(blocks[id]).Properties)[named], scope);
      return optionalText(own) ?? `${names.stackName}-${id}`;
    },
  };
  const namesOf = (id: string): Names => ({ ...names, id, name: scope.nameOf(id) });
  return scope;
}

const plainName = ({ name }: Names): string => name;

function kindOf(id: string, blocks: Mapping): (typeof kinds)[string] {
  const kind = kinds[String(mapping(blocks[id]).Type)];
  if (kind) return kind;
  throw new Error(`There is neither a parameter nor a resource called ${id} in the template`);
}

function pseudoParameters({ region, accountId, stackName }: StackNames): readonly [string, unknown][] {
  return [
    ['AWS::Region', region],
    ['AWS::AccountId', accountId],
    ['AWS::Partition', 'aws'],
    ['AWS::StackName', stackName],
    ['AWS::StackId', `arn:aws:cloudformation:${region}:${accountId}:stack/${stackName}/local`],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::NoValue', noValue],
  ];
}
