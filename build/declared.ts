import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

/** What a bundle may weigh when its function's Metadata names no `BudgetKB`. */
export const DEFAULT_BUDGET_KB = 300;

/** A function as template.yaml declares it. Paths are relative to the root and written with `/`. */
export interface Declared {
  readonly id: string;
  readonly entry: string;
  readonly budgetBytes: number;
  /** Its environment when it is deployed with default parameters; a name stands in for what only AWS can tell. */
  readonly variables: Readonly<Record<string, string>>;
}

type Mapping = Readonly<Record<string, unknown>>;

/** Every AWS::Serverless::Function of the template in `root`; throws one message that lists all faults. */
export function readDeclared(root: string): readonly Declared[] {
  const template = parseTemplate(join(root, 'template.yaml'));
  const globals = mapping(mapping(template.Globals).Function);
  const blocks = Object.entries(mapping(template.Resources))
    .map(([id, block]) => [id, mapping(block)] as const)
    .filter(([, block]) => block.Type === 'AWS::Serverless::Function');
  const faults = blocks.flatMap(([id, block]) => findFaults(root, id, block, globals));
  if (faults.length > 0) throw new Error(`template.yaml: ${faults.join('; ')}`);
  return blocks.map(([id, block]) => describe(id, block, template));
}

function parseTemplate(path: string): Mapping {
  // Of CloudFormation's short tags a build heeds !Ref; the others (!Sub, !If, ...) are mere warnings, and left aside.
  const reference = { tag: '!Ref', resolve: (name: string): Mapping => ({ Ref: name }) };
  const document = parseDocument(readFileSync(path, 'utf8'), { customTags: [reference] });
  const [fault] = document.errors;
  if (fault) throw new Error(`template.yaml does not parse: ${fault.message}`, { cause: fault });
  return mapping(document.toJS());
}

function findFaults(root: string, id: string, block: Mapping, globals: Mapping): readonly string[] {
  const { Entry: entry, BudgetKB: budget } = mapping(block.Metadata);
  const { CodeUri: codeUri, Handler: handler = globals.Handler } = mapping(block.Properties);
  const faults: string[] = [];
  if (typeof entry !== 'string') faults.push(`${id} has no Metadata.Entry, the .ts file it is built from`);
  else if (!existsSync(join(root, entry))) faults.push(`${id} is built from ${entry}, which does not exist`);
  if (codeUri !== `dist/${id}/`) faults.push(`${id} needs CodeUri: dist/${id}/, not ${codeUri}`);
  if (handler !== 'index.handler') faults.push(`${id} needs Handler: index.handler, not ${handler}`);
  if (budget !== undefined && !(typeof budget === 'number' && budget > 0)) {
    faults.push(`${id} needs a positive number as Metadata.BudgetKB, not ${budget}`);
  }
  return faults;
}

function describe(id: string, block: Mapping, template: Mapping): Declared {
  const { Entry: entry, BudgetKB: budget = DEFAULT_BUDGET_KB } = mapping(block.Metadata);
  const variables = [mapping(template.Globals).Function, block.Properties].flatMap((properties) =>
    Object.entries(mapping(mapping(mapping(properties).Environment).Variables)),
  );
  return {
    id,
    entry: String(entry),
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
