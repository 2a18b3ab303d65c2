import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const startUsage = `npm start -- [options]

Builds what is stale of the pack, brings it up on this machine and plays the wings' scenarios. Then it stays up until Ctrl-C;
when its output is no terminal, it leaves.

  --once         leave after the scenarios; exit 1 if one failed
  --json         one JSON object on stdout, everything else on stderr
  --only <wing>  the scenarios of one wing
  --scenario "<words>"
                 the scenarios whose title contains these words, as one phrase
  --alone        with --only: deploy that wing alone, from its own template
  --scenarios <folder>
                 scenarios of your own, a folder for each wing as in local/scenarios
  --port <n>     of the page and the HTTP API (3000)
  --help         this text`;

export interface StartArguments {
  readonly once: boolean;
  readonly json: boolean;
  readonly only: string | undefined;
  /** Words of a scenario's title. */
  readonly scenario: string | undefined;
  readonly alone: boolean;
  /** The folder with the wings' scenarios, absolute. */
  readonly scenarios: string | undefined;
  readonly port: number;
  readonly help: boolean;
}

/** What somebody asked for that cannot be done; shown without a stack. */
export class Refused extends Error {}

export function readStartArguments(args: readonly string[], isTerminal: boolean): StartArguments {
  const { once, json, only, scenario, alone, scenarios, port, help } = parse(args);
  if (alone && only === undefined) throw new Refused('--alone needs --only <wing>: which wing?');
  return {
    json,
    only,
    scenario,
    alone,
    help,
    scenarios: scenarios === undefined ? undefined : resolve(scenarios),
    port: readPort(port),
    once: once || !isTerminal,
  };
}

interface Values {
  readonly once: boolean;
  readonly json: boolean;
  readonly only?: string | undefined;
  readonly scenario?: string | undefined;
  readonly alone: boolean;
  readonly scenarios?: string | undefined;
  readonly port: string;
  readonly help: boolean;
}

function parse(args: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        only: { type: 'string' },
        scenario: { type: 'string' },
        alone: { type: 'boolean', default: false },
        scenarios: { type: 'string' },
        port: { type: 'string', default: '3000' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new Refused(`${error instanceof Error ? error.message : error}\n\n${startUsage}`, { cause: error });
  }
}

export function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Refused(`--port is ${text}, which is no port`);
}
