import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { findPython } from '../../local/python/find.ts';
import { resolve } from '../../local/stack/intrinsics.ts';

export const ROOT = join(import.meta.dirname, '../..');

// Read loosely on purpose: a rule asks for what it needs, and reports what is not there.
// biome-ignore lint/suspicious/noExplicitAny: the shape of a resource is CloudFormation's, not ours.
export type Json = any;

export interface Resource {
  Type: string;
  Condition?: string;
  Metadata?: Json;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Properties: Json;
}

export interface Template {
  Metadata: Json;
  Parameters: Record<string, Json>;
  Rules: Json;
  Conditions: Record<string, Json>;
  Globals: Json;
  Resources: Record<string, Resource>;
  Outputs: Record<string, Json>;
}

/** A value for every parameter. */
export type Parameters = Readonly<Record<string, string>>;

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** A template as it is written, its short tags as the long functions: !Ref X is { Ref: X }. */
export function readTemplate(text: string): Template {
  // Through JSON: a tag on a list or a mapping leaves a node behind that only its toJSON resolves.
  return JSON.parse(JSON.stringify(parse(text, { customTags: TAGS.flatMap(tagsOf) })));
}

/** The templates of the wings that CloudFormation gets: after the SAM transform, with every generated role. */
export async function transformTemplates(): Promise<ReadonlyMap<string, Template>> {
  const wings = readdirSync(join(ROOT, 'functions')).toSorted();
  const transformed = wings.map(async (wing): Promise<[string, Template]> => {
    const path = join(ROOT, 'functions', wing, 'template.yaml');
    return [wing, JSON.parse(await runPython(join(ROOT, 'local/stack/transform.py'), path))];
  });
  return new Map(await Promise.all(transformed));
}

/** All wings as if they were one template: a place where a mutation finds a resource of every type. */
export function mergeTemplates(templates: Iterable<Template>): Template {
  const merged: Json = {};
  for (const template of templates) {
    for (const [section, content] of Object.entries(template)) {
      merged[section] = typeof content === 'object' ? { ...merged[section], ...content } : content;
    }
  }
  return structuredClone(merged);
}

/** What the Python program wrote; its exit code is not looked at, as cfn-lint's says how many findings there are. */
export async function runPython(...args: readonly string[]): Promise<string> {
  const command = await findPython((line) => console.error(line));
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (stdout) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')} wrote nothing: ${stderr}`, { cause: error }));
    });
  });
}

export function ofType(template: Template, ...types: readonly string[]): [string, Json][] {
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => types.includes(Type))
    .map(([id, { Properties }]) => [id, Properties ?? {}]);
}

export function asList(value: Json): Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** The logical id that a Ref or a GetAtt names. */
export function idOf(value: Json): string | undefined {
  return value?.Ref ?? value?.['Fn::GetAtt']?.[0];
}

/** A statement of a policy and the resource that has it. */
export interface Located {
  readonly resource: string;
  readonly where: string;
  readonly statement: Json;
}

/** Every statement of every role and resource policy; trust policies, which name no resource, are left out. */
export function statementsOf(template: Template): Located[] {
  return Object.entries(template.Resources).flatMap(([resource, { Properties: properties = {} }]) =>
    [properties, ...asList(properties.Policies)].flatMap((policy) =>
      asList(policy?.PolicyDocument?.Statement).map((statement) => ({
        resource,
        where: `${resource} ${statement.Sid ?? policy.PolicyName ?? '(no Sid)'}`,
        statement,
      })),
    ),
  );
}

/** Everything that a value refers to: resources, parameters and pseudo parameters. */
export function references(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, Json]) => {
    if (key === 'Ref') return [inner];
    if (key === 'Fn::GetAtt') return [inner[0]];
    if (key === 'DependsOn') return asList(inner);
    if (key === 'Fn::Sub') return substitutes(inner);
    return references(inner);
  });
}

function substitutes(value: Json): string[] {
  const [text, own = {}] = asList(value);
  const names = [...text.matchAll(/\$\{([^!}][^}]*)\}/g)].map(([, name]) => name.split('.')[0]);
  return [...names.filter((name) => !(name in own)), ...references(Object.values(own))];
}

export function defaultsOf({ Parameters: parameters }: Template): Parameters {
  return Object.fromEntries(Object.entries(parameters).map(([name, { Default }]) => [name, String(Default)]));
}

/** What is deployed with these parameters: conditions decided, Fn::If resolved. */
export function deployed(
  template: Template,
  parameters: Parameters,
): Pick<Template, 'Resources' | 'Outputs'> {
  const keep = <T extends { Condition?: string }>(blocks: Record<string, T>): Record<string, T> =>
    Object.fromEntries(
      Object.entries(blocks ?? {})
        .filter(([, { Condition }]) => !Condition || holds(template, { Condition }, parameters))
        .map(([id, block]) => [id, resolveIfs(template, block, parameters)]),
    );
  return { Resources: keep(template.Resources), Outputs: keep(template.Outputs) };
}

/** Whether a condition function holds. A function it does not know is an error, not a guess. */
export function holds(template: Template, condition: Json, parameters: Parameters): boolean {
  const [name, argument]: [string, Json] = Object.entries(condition)[0] ?? ['', undefined];
  const each = (): boolean[] => argument.map((inner: Json) => holds(template, inner, parameters));
  switch (name) {
    case 'Condition':
      if (!(argument in template.Conditions)) throw new Error(`There is no condition ${argument}`);
      return holds(template, template.Conditions[argument], parameters);
    case 'Fn::Equals':
      return textOf(template, argument[0], parameters) === textOf(template, argument[1], parameters);
    case 'Fn::Not':
      return !each()[0];
    case 'Fn::And':
      return each().every(Boolean);
    case 'Fn::Or':
      return each().some(Boolean);
    default:
      throw new Error(`Cannot evaluate the condition ${JSON.stringify(condition)}`);
  }
}

/** What a condition compares: a text, or a function of texts and of parameters. */
function textOf(template: Template, value: Json, parameters: Parameters): string {
  const refuse = (): never => {
    throw new Error(`Cannot evaluate ${JSON.stringify(value)} in a condition`);
  };
  const ref = (name: string): unknown => {
    const text = parameters[name] ?? refuse();
    const isList = /^(CommaDelimitedList|List<.*>)$/.test(template.Parameters[name].Type);
    return isList ? text.split(',') : text;
  };
  return String(resolve(value, { ref, attribute: refuse, condition: refuse, mappings: {} }));
}

function resolveIfs(template: Template, value: Json, parameters: Parameters): Json {
  if (Array.isArray(value)) return value.map((inner) => resolveIfs(template, inner, parameters));
  if (typeof value !== 'object' || value === null) return value;
  if ('Fn::If' in value) {
    const [Condition, yes, no] = value['Fn::If'];
    return resolveIfs(template, holds(template, { Condition }, parameters) ? yes : no, parameters);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, resolveIfs(template, inner, parameters)]),
  );
}

const TAGS = [
  'Ref',
  'Condition',
  'GetAtt',
  'Sub',
  'Equals',
  'Not',
  'And',
  'Or',
  'If',
  'Join',
  'Select',
  'Split',
];

/** One of CloudFormation's short tags, with a text, a list or a mapping as its argument. */
function tagsOf(name: string): Json[] {
  const key = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
  const tag = `!${name}`;
  const text = (argument: string): Json => ({ [key]: name === 'GetAtt' ? argument.split('.') : argument });
  const node = (argument: Json): Json => ({
    toJSON: () => ({ [key]: argument.toJSON() }),
  });
  return [
    { tag, resolve: text },
    { tag, collection: 'seq', resolve: node },
    { tag, collection: 'map', resolve: node },
  ];
}
