import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../../clock.ts';
import { createForwarder } from '../proxy.ts';
import type { RawRequest } from '../request.ts';
import type { HttpResponse } from '../types.ts';

/** The server behind the gateway that keeps the state of the account. */
export interface Moto {
  send(request: RawRequest): Promise<HttpResponse>;
  /** Deletes all resources. */
  reset(): Promise<void>;
  /** The last line that moto wrote to stderr. */
  lastError(): string;
  close(): Promise<void>;
}

/** The request that makes moto delete everything. */
export const resetRequest: RawRequest = {
  method: 'POST',
  url: '/moto-api/reset',
  headers: {},
  body: Buffer.alloc(0),
};

/** Starts moto in its own process, which exits when this process exits. */
export async function startMoto(python: string, clock: Clock): Promise<Moto> {
  const child = spawn(python, [join(import.meta.dirname, 'server.py'), '0'], { stdio: 'pipe' });
  const errorLines = collectLines(child);
  const port = await readPort(child, errorLines);
  const forwarder = createForwarder(new URL(`http://127.0.0.1:${port}`));
  const send: Moto['send'] = (request) =>
    forwarder.send(request, { 'x-groundcrew-clock': Math.round(clock.now() - Date.now()) });
  return {
    send,
    lastError: () => errorLines.at(-1) ?? '',
    reset: async () => {
      const { status } = await send(resetRequest);
      if (status !== 200)
        throw new Error(`moto could not be reset: status ${status}. ${errorLines.at(-1) ?? ''}`);
    },
    close: async () => {
      forwarder.close();
      await stop(child);
    },
  };
}

const maxLines = 40;

function collectLines(child: ChildProcess): string[] {
  const lines: string[] = [];
  if (!child.stderr) return lines;
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (lines.length > maxLines) lines.shift();
  });
  return lines;
}

function readPort(child: ChildProcess, errorLines: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new Error(`moto cannot be started with ${child.spawnfile}.`, { cause })),
    );
    child.once('close', (code) =>
      reject(new Error(`moto left with code ${code} before it was ready.\n${errorLines.join('\n')}`)),
    );
    child.stdout?.once('data', (line: Buffer) => resolve(JSON.parse(line.toString()).port));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  child.kill('SIGKILL');
  await exited;
}
