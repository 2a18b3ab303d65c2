import { type ChildProcess, spawn } from 'node:child_process';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RawRequest } from './request.ts';
import type { Answer, Clock } from './types.ts';

export interface Moto {
  send(request: RawRequest): Promise<Answer>;
  reset(): Promise<void>;
  /** What moto last complained of. */
  complaint(): string;
  close(): Promise<void>;
}

/** Starts moto in a process of its own, which leaves with this one, and speaks to it over kept connections. */
export async function startMoto(python: string, clock: Clock): Promise<Moto> {
  const child = spawn(python, [join(import.meta.dirname, '..', 'moto.py'), '0'], { stdio: 'pipe' });
  const complaints = collectLines(child);
  const port = await readPort(child, complaints);
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const send = (request: RawRequest): Promise<Answer> => forward(request, port, agent, clock);
  return {
    send,
    complaint: () => complaints.at(-1) ?? '',
    reset: async () => {
      const { status } = await send({
        method: 'POST',
        url: '/moto-api/reset',
        headers: {},
        body: Buffer.alloc(0),
      });
      if (status !== 200) throw new Error(`moto did not reset: status ${status}. ${complaints.at(-1) ?? ''}`);
    },
    close: async () => {
      agent.destroy();
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

function forward(
  { method, url, headers, body }: RawRequest,
  port: number,
  agent: Agent,
  clock: Clock,
): Promise<Answer> {
  const { connection: _, 'transfer-encoding': __, ...kept } = headers;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      agent,
      host: '127.0.0.1',
      port,
      method,
      path: url,
      headers: {
        ...kept,
        'content-length': body.length,
        'x-groundcrew-clock': Math.round(clock.now() - Date.now()),
      },
    });
    outgoing.once('error', (cause) => reject(new Error(`moto does not answer ${method} ${url}.`, { cause })));
    outgoing.once('response', (response) => {
      readAll(response).then(
        (answer) =>
          resolve({ status: response.statusCode ?? 500, headers: answerHeaders(response), body: answer }),
        reject,
      );
    });
    outgoing.end(body);
  });
}

export async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

/** Headers that describe this one connection, or are given anew. */
const hopHeaders = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'server',
  'transfer-encoding',
]);

function answerHeaders({ headers }: IncomingMessage): Answer['headers'] {
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || hopHeaders.has(name) || name.startsWith('access-control-')
      ? []
      : [[name, value] as const],
  );
  return Object.fromEntries(kept);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const left = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  child.kill('SIGKILL');
  await left;
}
