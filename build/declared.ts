import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseDocument } from 'yaml';

/** What a bundle may weigh when its function's Metadata names no `BudgetKB`. */
const DEFAULT_BUDGET_KB = 300;

/** A function as a template declares it. Paths are relative to the root and written with `/`. */
export interface Declared {
  readonly id: string;
  /** The template that declares it. */
  readonly template: string;
  readonly entry: string;
  readonly budgetBytes: number;
  /** Its environment when it is deployed with default parameters; a name stands in for what only AWS can tell. */
  readonly variables: Readonly<Record<string, string>>;
}

type Mapping = Readonly<Record<string, unknown>>;

/** The project's templates, relative to `root`: the one of the root and one in each folder of `functions`. */
export function listTemplates(root: string): readonly string[] {
  const folder = join(root, 'functions');
  const wings = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  const paths = ['template.yaml', ...wings.map((wing) => `functions/${wing}/template.yaml`)];
  return paths.filter((path) => existsSync(join(root, path)));
}

/** Every AWS::Serverless::Function of the templates in `root`; throws one message that lists all faults. */
export function readDeclared(root: string): readonly Declared[] {
  const templates = listTemplates(root);
  if (templates.length === 0) throw new Error(`There is no template.yaml in ${root} or below its functions/`);
  const found = templates.map((path) => readTemplate(root, path));
  const declared = found.flatMap((one) => one.declared);
  const faults = [...found.flatMap((one) => one.faults), ...findRepeated(declared)];
  if (faults.length > 0) throw new Error(faults.join('; '));
  return declared;
}

interface Found {
  readonly declared: readonly Declared[];
  readonly faults: readonly string[];
}

function readTemplate(root: string, path: string): Found {
  const template = parseTemplate(root, path);
  const blocks = Object.entries(mapping(template.Resources))
    .map(([id, block]) => ({ id, block: mapping(block), path, template }))
    .filter(({ block }) => block.Type === 'AWS::Serverless::Function');
  return {
    declared: blocks.map(describe),
    faults: blocks.flatMap((one) => findFaults(root, one)).map((fault) => `${path}: ${fault}`),
  };
}

/** Bundles of all templates lie in one folder, named by logical id. */
function findRepeated(declared: readonly Declared[]): readonly string[] {
  const byId = Map.groupBy(declared, ({ id }) => id);
  return [...byId].flatMap(([id, some]) =>
    some.length === 1
      ? []
      : [`${id} is declared in ${some.map(({ template }) => template).join(' and ')}: give one another name`],
  );
}

function parseTemplate(root: string, path: string): Mapping {
  // Of CloudFormation's short tags a build heeds !Ref; the others (!Sub, !If, ...) are mere warnings, and left aside.
  const reference = { tag: '!Ref', resolve: (name: string): Mapping => ({ Ref: name }) };
  const document = parseDocument(readFileSync(join(root, path), 'utf8'), { customTags: [reference] });
  const [fault] = document.errors;
  if (fault) throw new Error(`${path} does not parse: ${fault.message}`, { cause: fault });
  return mapping(document.toJS());
}

interface Block {
  readonly id: string;
  readonly block: Mapping;
  /** The template's, relative to the root. */
  readonly path: string;
  readonly template: Mapping;
}

function findFaults(root: string, { id, block, path, template }: Block): readonly string[] {
  const globals = mapping(mapping(template.Globals).Function);
  const { Entry: entry, BudgetKB: budget } = mapping(block.Metadata);
  const { CodeUri: codeUri, Handler: handler = globals.Handler } = mapping(block.Properties);
  const bundle = `${posix.relative(posix.dirname(path), `dist/${id}`)}/`;
  const faults: string[] = [];
  if (typeof entry !== 'string') faults.push(`${id} has no Metadata.Entry, the .ts file it is built from`);
  else if (!existsSync(join(root, posix.dirname(path), entry))) {
    faults.push(`${id} is built from ${entry}, which does not exist`);
  }
  if (codeUri !== bundle) faults.push(`${id} needs CodeUri: ${bundle}, not ${codeUri}`);
  if (handler !== 'index.handler') faults.push(`${id} needs Handler: index.handler, not ${handler}`);
  if (budget !== undefined && !(typeof budget === 'number' && budget > 0)) {
    faults.push(`${id} needs a positive number as Metadata.BudgetKB, not ${budget}`);
  }
  return faults;
}

function describe({ id, block, path, template }: Block): Declared {
  const { Entry: entry, BudgetKB: budget = DEFAULT_BUDGET_KB } = mapping(block.Metadata);
  const variables = [mapping(template.Globals).Function, block.Properties].flatMap((properties) =>
    Object.entries(mapping(mapping(mapping(properties).Environment).Variables)),
  );
  return {
    id,
    template: path,
    entry: posix.join(posix.dirname(path), String(entry)),
    budgetBytes: Number(budget) * 1024,
    variables: Object.fromEntries(variables.map(([name, value]) => [name, defaultOf(value, template)])),
  };
}

function defaultOf(value: unknown, template: Mapping): string {
  // `!If` without its tag. With default parameters, conditions are mostly false, and what is empty then is not set.
  if (Array.isArray(value) && value[0] in mapping(template.Conditions))
    return defaultOf(value[2], template) || defaultOf(value[1], template);
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
