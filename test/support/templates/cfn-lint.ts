import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Json, runPython, type Template } from '../template.ts';

/** What cfn-lint reads of a template. */
export type Linted = Pick<Template, 'Resources'> & Partial<Template>;

/** What cfn-lint finds in a template that has no transform left. Uses `folder` for its file. */
export async function lint(folder: string, template: Linted): Promise<string[]> {
  const file = join(folder, 'template.json');
  writeFileSync(file, JSON.stringify(template));
  const found = await runLint(file);
  return found.filter((one) => !isSamsOwn(one, template) && !isLeftEmpty(one, template)).map(describe);
}

/** What cfn-lint finds in a file, without exception. */
export async function lintFile(file: string): Promise<string[]> {
  return (await runLint(file)).map(describe);
}

async function runLint(file: string): Promise<Json[]> {
  const program = 'import sys; from cfnlint.runner import main; sys.exit(main())';
  const regions = ['--regions', 'eu-west-1', 'us-east-1', '--'];
  return JSON.parse(await runPython('-c', program, '--format', 'json', ...regions, file));
}

function describe({ Rule, Message, Location }: Json): string {
  return `${Rule.Id} ${Location.Path?.join('.')}: ${Message}`;
}

/** SAM repeats the condition of an API inside its body, where it always holds. */
function isSamsOwn({ Rule, Location }: Json, template: Linted): boolean {
  const [, id, , part] = Location.Path ?? [];
  return Rule.Id === 'W1028' && part === 'Body' && template.Resources[id]?.Type === 'AWS::ApiGatewayV2::Api';
}

/** An empty default says that there is nothing, such as no subnet; cfn-lint wants a subnet for a default. */
function isLeftEmpty({ Rule, Message, Location }: Json, template: Linted): boolean {
  const told = `${Location.Path?.join('.')}: ${Message}`;
  const isOfDefault = /^W103[0-5]$/.test(Rule.Id);
  return (
    isOfDefault &&
    Object.entries(template.Parameters ?? {}).some(
      ([name, { Default }]) => Default === '' && new RegExp(`\\b${name}\\b`).test(told),
    )
  );
}
