import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const MODULES = join(import.meta.dirname, '../../../node_modules');

export interface Project {
  readonly root: string;
  [Symbol.dispose](): void;
}

/** A folder of its own with these files and the pack's installed packages, for a build to work in. */
export function makeProject(files: Readonly<Record<string, string>>): Project {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'groundcrew-bundles-')));
  symlinkSync(MODULES, join(root, 'node_modules'), 'junction');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

/** A template that declares one function; `changes` are lines in place of the usual ones, '' leaves one out. */
export function declareFunction(
  id: string,
  entry: string,
  changes: Readonly<Record<string, string>> = {},
): string {
  const lines = { Entry: entry, CodeUri: `dist/${id}/`, Handler: 'index.handler', ...changes };
  const line = (name: keyof typeof lines): string => (lines[name] ? `${name}: ${lines[name]}` : '');
  return [
    'Resources:',
    `  ${id}:`,
    '    Type: AWS::Serverless::Function',
    `    Metadata: { SkipBuild: true, ${line('Entry')}${changes.BudgetKB ? `, BudgetKB: ${changes.BudgetKB}` : ''} }`,
    `    Properties: { Role: !GetAtt Role.Arn, ${[line('CodeUri'), line('Handler')].filter(Boolean).join(', ')} }`,
  ].join('\n');
}
