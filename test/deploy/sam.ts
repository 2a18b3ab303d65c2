import { spawn } from 'node:child_process';
import { ROOT } from '../support/template.ts';
import { installSam } from './tools/install.ts';

export interface SamResult {
  readonly code: number | null;
  /** Standard output and standard error, in the order they came. */
  readonly text: string;
}

export interface SamOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The folder to run in. The project by default. */
  readonly cwd?: string;
  /** Called with everything written so far. Returns what to type next, if anything. */
  readonly answer?: (text: string) => string | undefined;
}

/** Runs SAM CLI. */
export async function sam(args: readonly string[], options: SamOptions): Promise<SamResult> {
  const { env, cwd = ROOT, answer } = options;
  const python = await installSam(console.error);
  const child = spawn(python, ['-m', 'samcli', ...args], { cwd, env, stdio: 'pipe' });
  return new Promise((resolve, reject) => {
    let text = '';
    const collect = (chunk: Buffer): void => {
      text += chunk;
      const typed = answer?.(text);
      if (typed !== undefined) child.stdin.write(typed);
    };
    child.stdin.on('error', () => {}); // it ended without reading everything
    if (!answer) child.stdin.end();
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text }));
  });
}

/** Runs SAM CLI and throws what it said if it fails. */
export async function runSam(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { code, text } = await sam(args, { env });
  if (code === 0) return text;
  throw new Error(`sam ${args.join(' ')} exits with ${code}:\n${text.slice(-3000)}`);
}
