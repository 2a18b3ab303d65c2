import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { parseDocument } from 'yaml';

/** What a bundle may weigh when its function's Metadata names no `BudgetKB`. */
export const DEFAULT_BUDGET_KB = 300;

/** A function as its template declares it. Paths are relative to the root and written with `/`. */
export interface Declared {
  readonly id: string;
  readonly entry: string;
  readonly budgetBytes: number;
  /** Its environment when it is deployed with default parameters; a name stands in for what only AWS can tell. */
  readonly variables: Readonly<Record<string, string>>;
}

type Mapping = Readonly<Record<string, unknown>>;

/** The templates of a project, relative to its root: template.yaml there and in every folder of `functions`. */
export function listTemplates(root: string): readonly string[] {
  const folder = join(root, 'functions');
  const wings = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  return ['template.yaml', ...wings.map((wing) => `functions/${wing}/template.yaml`)].filter((path) =>
    existsSync(join(root, path)),
  );
}

/** Every AWS::Serverless::Function of the templates in `root`; throws one message that lists all faults. */
export function readDeclared(root: string): readonly Declared[] {
  const declared = listTemplates(root).flatMap((path) => readTemplate(root, path));
  const ids = declared.map(({ id }) => id);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  if (twice.length > 0)
    throw new Error(`${twice.join(', ')}: declared in two templates, and each needs dist/<name>/`);
  return declared;
}

function readTemplate(root: string, path: string): readonly Declared[] {
  const template = parseTemplate(root, path);
  const globals = mapping(mapping(template.Globals).Function);
  const folder = posix.dirname(path);
  const blocks = Object.entries(mapping(template.Resources))
    .map(([id, block]) => [id, mapping(block)] as const)
    .filter(([, block]) => block.Type === 'AWS::Serverless::Function');
  const faults = blocks.flatMap(([id, block]) => findFaults({ root, folder, globals }, id, block));
  if (faults.length > 0) throw new Error(`${path}: ${faults.join('; ')}`);
  return blocks.map(([id, block]) => describe(id, block, template, folder));
}

function parseTemplate(root: string, path: string): Mapping {
  // Of CloudFormation's short tags a build heeds !Ref; the others (!Sub, !If, ...) are mere warnings, and left aside.
  const reference = { tag: '!Ref', resolve: (name: string): Mapping => ({ Ref: name }) };
  const document = parseDocument(readFileSync(join(root, path), 'utf8'), { customTags: [reference] });
  const [fault] = document.errors;
  if (fault) throw new Error(`${path} does not parse: ${fault.message}`, { cause: fault });
  return mapping(document.toJS());
}

interface Place {
  readonly root: string;
  /** The template's, relative to the root; entries and code are relative to it. */
  readonly folder: string;
  readonly globals: Mapping;
}

function findFaults({ root, folder, globals }: Place, id: string, block: Mapping): readonly string[] {
  const code = `${relative(folder, join('dist', id)).replaceAll(sep, '/')}/`;
  const { Entry: entry, BudgetKB: budget } = mapping(block.Metadata);
  const { CodeUri: codeUri, Handler: handler = globals.Handler } = mapping(block.Properties);
  const faults: string[] = [];
  if (typeof entry !== 'string') faults.push(`${id} has no Metadata.Entry, the .ts file it is built from`);
  else if (!existsSync(join(root, folder, entry)))
    faults.push(`${id} is built from ${entry}, which does not exist`);
  if (codeUri !== code) faults.push(`${id} needs CodeUri: ${code}, not ${codeUri}`);
  if (handler !== 'index.handler') faults.push(`${id} needs Handler: index.handler, not ${handler}`);
  if (budget !== undefined && !(typeof budget === 'number' && budget > 0)) {
    faults.push(`${id} needs a positive number as Metadata.BudgetKB, not ${budget}`);
  }
  return faults;
}

function describe(id: string, block: Mapping, template: Mapping, folder: string): Declared {
  const { Entry: entry, BudgetKB: budget = DEFAULT_BUDGET_KB } = mapping(block.Metadata);
  const variables = [mapping(template.Globals).Function, block.Properties].flatMap((properties) =>
    Object.entries(mapping(mapping(mapping(properties).Environment).Variables)),
  );
  return {
    id,
    entry: posix.join(folder, String(entry)),
    budgetBytes: Number(budget) * 1024,
    variables: Object.fromEntries(variables.map(([name, value]) => [name, defaultOf(value, template)])),
  };
}

function defaultOf(value: unknown, template: Mapping): string {
  const { Ref: name } = mapping(value);
  if (typeof name !== 'string') return isMapping(value) ? JSON.stringify(value) : String(value);
  return String(mapping(mapping(template.Parameters)[name]).Default ?? name);
}

function mapping(value: unknown): Mapping {
  return isMapping(value) ? value : {};
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
