import { basename, dirname, resolve } from 'node:path';
import { type Mapping, mapping } from '../json.ts';
import { combine, type NamedStack } from './combine.ts';
import { evaluate, type Resource, type Stack, type StackNames } from './stack.ts';
import { transform } from './transform.ts';

type Values = Readonly<Record<string, string>>;

export interface DeployOptions {
  readonly python: string;
  readonly templatePath: string;
  /** For the template; names that it does not declare are an error. */
  readonly parameters: Values;
  /** For whatever of these the template declares. */
  readonly defaults: Values;
  /** For nested stacks, by the folder of their template, in place of what the template passes to them. */
  readonly nested: Readonly<Record<string, Values>>;
}

/** A template and its nested stacks, transformed and ready to be given the names of an account. */
export interface Deployable {
  readonly template: Mapping;
  evaluate(names: StackNames): Stack;
}

/** Reads a template and the templates of its nested stacks, as CloudFormation would deploy them. */
export async function prepare(options: DeployOptions): Promise<Deployable> {
  const { python, templatePath, nested } = options;
  const template = await transform(python, templatePath);
  const declared = Object.entries(options.defaults).filter(([name]) =>
    Object.hasOwn(mapping(template.Parameters), name),
  );
  const parameters = { ...Object.fromEntries(declared), ...options.parameters };
  const urls = Object.values(mapping(template.Resources))
    .map((block) => mapping(mapping(block).Properties).TemplateURL)
    .filter((url) => typeof url === 'string');
  const paths = urls.map((url) => resolve(dirname(templatePath), url));
  const inner = await Promise.all(paths.map((path) => transform(python, path)));
  const templates = new Map(urls.map((url, i) => [url, inner[i] ?? {}]));
  return {
    template,
    evaluate: (names) => {
      const root = evaluate(template, parameters, names);
      const stacks = root.ofType('AWS::CloudFormation::Stack').map((one) => {
        const url = String(one.properties.TemplateURL);
        return evaluateNested(one, templates.get(url) ?? {}, nested[basename(dirname(url))], names);
      });
      return combine([{ name: names.stackName, stack: root }, ...stacks]);
    },
  };
}

function evaluateNested(
  { id, name, properties }: Resource,
  template: Mapping,
  own: Values = {},
  names: StackNames,
): NamedStack {
  const passed = Object.entries(mapping(properties.Parameters)).map(([key, value]) => [key, String(value)]);
  const values: Values = { ...Object.fromEntries(passed), ...own };
  try {
    return { name: id, stack: evaluate(template, values, { ...names, stackName: name }) };
  } catch (error) {
    throw new Error(`${id}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
