import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../../clock.ts';
import { forwardTo } from '../proxy.ts';
import type { RawRequest } from '../request.ts';
import type { Answer } from '../types.ts';

/** What keeps the account's state behind the gateway. */
export interface Moto {
  send(request: RawRequest): Promise<Answer>;
  /** Empties it. */
  reset(): Promise<void>;
  /** What it last complained of. */
  complaint(): string;
  close(): Promise<void>;
}

/** How moto is told to forget everything. */
export const resetRequest: RawRequest = {
  method: 'POST',
  url: '/moto-api/reset',
  headers: {},
  body: Buffer.alloc(0),
};

/** Starts moto in a process of its own, which leaves with this one. */
export async function startMoto(python: string, clock: Clock): Promise<Moto> {
  const child = spawn(python, [join(import.meta.dirname, 'server.py'), '0'], { stdio: 'pipe' });
  const complaints = collectLines(child);
  const port = await readPort(child, complaints);
  const forwarder = forwardTo(new URL(`http://127.0.0.1:${port}`));
  const send: Moto['send'] = (request) =>
    forwarder.send(request, { 'x-groundcrew-clock': Math.round(clock.now() - Date.now()) });
  return {
    send,
    complaint: () => complaints.at(-1) ?? '',
    reset: async () => {
      const { status } = await send(resetRequest);
      if (status !== 200) throw new Error(`moto did not reset: status ${status}. ${complaints.at(-1) ?? ''}`);
    },
    close: async () => {
      forwarder.close();
      await stop(child);
    },
  };
}

const keptLines = 40;

function collectLines(child: ChildProcess): string[] {
  const lines: string[] = [];
  if (!child.stderr) return lines;
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (lines.length > keptLines) lines.shift();
  });
  return lines;
}

function readPort(child: ChildProcess, complaints: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new Error(`moto cannot be started with ${child.spawnfile}.`, { cause })),
    );
    child.once('close', (code) =>
      reject(new Error(`moto left with code ${code} before it was ready.\n${complaints.join('\n')}`)),
    );
    child.stdout?.once('data', (line: Buffer) => resolve(JSON.parse(line.toString()).port));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const left = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  child.kill('SIGKILL');
  await left;
}
