import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Writes an empty function into a folder: what starts of other functions are compared with. @returns its file */
export function writeEmpty(folder: string): string {
  const file = join(folder, 'index.mjs');
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, 'export const handler = async () => {};\n');
  return file;
}

/** Starts a process that loads the file and leaves; returns milliseconds. */
export function startNode(file: string, variables: Readonly<Record<string, string>>): number {
  const script = `await import(${JSON.stringify(pathToFileURL(file).href)}); process.exit();`;
  return startProcess(process.execPath, ['--input-type=module', '-e', script], variables);
}

/** Runs a command to its end; returns milliseconds. @throws if it fails */
export function startProcess(
  command: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): number {
  return runProcess(command, args, variables).ms;
}

/** The same, and what the command wrote to its standard output. */
export function runProcess(
  command: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): { readonly ms: number; readonly stdout: string } {
  const env = {
    ...process.env,
    AWS_REGION: 'eu-central-1',
    AWS_DEFAULT_REGION: 'eu-central-1',
    ...variables,
  };
  const started = performance.now();
  const { status, stderr, stdout, error } = spawnSync(command, args, { env, encoding: 'utf8' });
  const ms = performance.now() - started;
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`);
  return { ms, stdout };
}
