import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

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
  const env = {
    ...process.env,
    AWS_REGION: 'eu-central-1',
    AWS_DEFAULT_REGION: 'eu-central-1',
    ...variables,
  };
  const started = performance.now();
  const { status, stderr, error } = spawnSync(command, args, { env });
  const taken = performance.now() - started;
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`);
  return taken;
}
