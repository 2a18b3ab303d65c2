import { basename, dirname, resolve } from 'node:path';
import { type Mapping, mapping } from '../json.ts';
import { evaluate, type Stack, type StackNames } from './stack.ts';
import { transform } from './transform.ts';

type Values = Readonly<Record<string, string>>;

/** A template after its transform, and the templates of its nested stacks by the path that names them. */
export interface Templates {
  readonly template: Mapping;
  readonly nested: ReadonlyMap<string, Mapping>;
}

export interface Given {
  /** For the template itself. */
  readonly parameters: Values;
  /** For nested stacks by the folder of their template, in place of what the template passes to them. */
  readonly nested?: Readonly<Record<string, Values>>;
}

/** Reads a template and those that its nested stacks name. */
export async function readTemplates(python: string, path: string): Promise<Templates> {
  const template = await transform(python, path);
  const blocks = Object.values(mapping(template.Resources)).map(mapping);
  const places = blocks
    .filter(({ Type }) => Type === 'AWS::CloudFormation::Stack')
    .map(({ Properties }) => String(mapping(Properties).TemplateURL));
  const nested = places.map(async (place): Promise<[string, Mapping]> => {
    return [place, await transform(python, resolve(dirname(path), place))];
  });
  return { template, nested: new Map(await Promise.all(nested)) };
}

/**
 * The stacks that CloudFormation would make: the template's own first, then its nested ones, each called
 * `<stack>-<folder of its template>`.
 */
export function deploy(
  { template, nested }: Templates,
  given: Given,
  names: StackNames,
): readonly [Stack, ...Stack[]] {
  const root = evaluate(template, given.parameters, names);
  const inner = root.ofType('AWS::CloudFormation::Stack').map(({ properties }) => {
    const place = String(properties.TemplateURL);
    const folder = basename(dirname(place));
    const parameters = { ...textsOf(mapping(properties.Parameters)), ...given.nested?.[folder] };
    return evaluateNested(nested.get(place) ?? {}, parameters, {
      ...names,
      stackName: `${names.stackName}-${folder}`,
    });
  });
  return [root, ...inner];
}

/** A nested stack's parameters are texts, whatever their type. */
function textsOf(parameters: Mapping): Values {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
}

function evaluateNested(template: Mapping, parameters: Values, names: StackNames): Stack {
  try {
    return evaluate(template, parameters, names);
  } catch (error) {
    throw new Error(`${names.stackName}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}
