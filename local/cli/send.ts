import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { isMapping, list, mapping } from '../json.ts';
import { eventsPath, senderHeader } from '../wiring/local-server.ts';
import { Refused, readPort } from './arguments.ts';

const usage = `npm run send -- [options] <event.json>...

Puts events on the bus of a running pack (npm start). A file holds one event or a list of them; - reads stdin.

  --now        give each event the current time of the pack, whose clock may be ahead
  --port <n>   where the pack answers (3000)
  --help`;

interface Settings {
  readonly files: readonly string[];
  readonly now: boolean;
  readonly port: number;
}

async function main(args: readonly string[]): Promise<void> {
  const settings = readArguments(args);
  if (!settings) return;
  const events = (await Promise.all(settings.files.map(readEvents))).flat();
  const stamped = settings.now ? events.map(withoutTime) : events;
  const matched = await post(stamped, settings.port);
  stamped.forEach((event, at) => {
    const rules = list(matched[at]).join(', ');
    console.log(`${titleOf(event)}: ${rules ? `matched ${rules}` : 'no rule matched'}`);
  });
}

function readArguments(args: readonly string[]): Settings | undefined {
  const { values, positionals } = parse(args);
  if (values.help) {
    console.log(usage);
    return undefined;
  }
  if (positionals.length === 0) throw new Refused(`Which event?\n\n${usage}`);
  return { files: positionals, now: values.now, port: readPort(values.port) };
}

function parse(args: readonly string[]): ReturnType<typeof parseOptions> {
  try {
    return parseOptions(args);
  } catch (error) {
    throw new Refused(`${error instanceof Error ? error.message : error}\n\n${usage}`, { cause: error });
  }
}

function parseOptions(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      now: { type: 'boolean', default: false },
      port: { type: 'string', default: '3000' },
      help: { type: 'boolean', default: false },
    },
  });
}

async function readEvents(file: string): Promise<readonly unknown[]> {
  const name = file === '-' ? 'stdin' : file;
  const content = await (file === '-' ? text(process.stdin) : readFile(file, 'utf8')).catch(
    (error: unknown) => {
      throw new Refused(`${file} cannot be read: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    },
  );
  try {
    const parsed: unknown = JSON.parse(content);
    return list(parsed);
  } catch (error) {
    throw new Refused(`${name} is no JSON: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

/** The pack fills in its own time. */
function withoutTime(event: unknown): unknown {
  if (!isMapping(event)) return event;
  const { time: _time, ...rest } = event;
  return rest;
}

async function post(events: readonly unknown[], port: number): Promise<readonly unknown[]> {
  const url = `http://127.0.0.1:${port}${eventsPath}`;
  const headers = { 'content-type': 'application/json', [senderHeader]: '1' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(events) }).catch(
    (error: unknown) => {
      throw new Refused(
        `No pack runs on port ${port}: start one with npm start, or name its port with --port.`,
        {
          cause: error,
        },
      );
    },
  );
  const answer = await response.text();
  if (!response.ok) throw new Refused(`The pack on port ${port} refused: ${answer || response.status}`);
  return list(mapping(JSON.parse(answer)).matched);
}

function titleOf(event: unknown): string {
  const { 'detail-type': detailType, id } = mapping(event);
  return [detailType ?? 'event', id].filter(Boolean).join(' ');
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Refused ? error.message : error);
  process.exitCode = 1;
});
