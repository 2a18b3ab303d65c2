import { resolve } from 'node:path';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

const choiceUsage = `  --only <wing>  the scenarios of one wing
  --scenario "<words>"
                 the scenarios whose title contains these words, as one phrase
  --alone        with --only: deploy that wing alone, from its own template
  --scenarios <folder>
                 scenarios of your own, a folder for each wing as in local/scenarios
  --port <n>     of the page and the HTTP API (3000)
  --help         this text`;

export const startUsage = `npm start -- [options]

Builds what is stale of the pack, brings it up on this machine with sample resources, and prints the address of its
page. It stays up until Ctrl-C. When its output is no terminal, it plays the wings' scenarios instead, and leaves.

  --play         play the scenarios first; --only and --scenario play some of them
  --once         leave after the scenarios; exit 1 if one failed
  --stay         stay up also when the output is no terminal
  --json         one JSON object on stdout, everything else on stderr
${choiceUsage}`;

export const devUsage = `npm run dev -- [options]

Brings the pack up on this machine. After each change in functions/ and shared/ it builds again and replaces the
functions whose bundles changed; the account keeps its state. With --scenario or --only it plays these scenarios at
the start and after each change, also of the scenarios, each on an empty account. Ctrl-C leaves.

${choiceUsage}`;

export interface PlayArguments {
  readonly only: string | undefined;
  /** Words of a scenario's title. */
  readonly scenario: string | undefined;
  readonly alone: boolean;
  /** The folder with the wings' scenarios, absolute. */
  readonly scenarios: string | undefined;
  readonly port: number;
  readonly help: boolean;
}

export interface StartArguments extends PlayArguments {
  readonly once: boolean;
  /** Nobody asked for `once`, but the output is no terminal. */
  readonly hasNoTerminal: boolean;
  readonly json: boolean;
  /** Whether scenarios are played before the pack stays up or leaves. */
  readonly play: boolean;
}

/** What somebody asked for that cannot be done; shown without a stack. */
export class Refused extends Error {}

const choiceOptions = {
  only: { type: 'string' },
  scenario: { type: 'string' },
  alone: { type: 'boolean', default: false },
  scenarios: { type: 'string' },
  port: { type: 'string', default: '3000' },
  help: { type: 'boolean', default: false },
} as const;

const startOptions = {
  ...choiceOptions,
  once: { type: 'boolean', default: false },
  stay: { type: 'boolean', default: false },
  play: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

export function readStartArguments(args: readonly string[], isTerminal: boolean): StartArguments {
  const { once, stay, play, json, ...choice } = parse(args, startOptions, startUsage);
  if (once && stay) throw new Refused('--once leaves and --stay stays: choose one.');
  const leaves = once || !(isTerminal || stay);
  const isChosen = choice.only !== undefined || choice.scenario !== undefined;
  const hasNoTerminal = leaves && !once;
  return { ...readChoice(choice), json, once: leaves, hasNoTerminal, play: play || leaves || isChosen };
}

export function readDevArguments(args: readonly string[]): PlayArguments {
  return readChoice(parse(args, choiceOptions, devUsage));
}

interface ChoiceValues {
  readonly only?: string | undefined;
  readonly scenario?: string | undefined;
  readonly alone: boolean;
  readonly scenarios?: string | undefined;
  readonly port: string;
  readonly help: boolean;
}

function readChoice({ only, scenario, alone, scenarios, port, help }: ChoiceValues): PlayArguments {
  if (alone && only === undefined) throw new Refused('--alone needs --only <wing>: which wing?');
  return {
    only,
    scenario,
    alone,
    help,
    scenarios: scenarios === undefined ? undefined : resolve(scenarios),
    port: readPort(port),
  };
}

/** Throws Refused with the usage if an option is unknown or lacks its value. */
export function parse<Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
  usage: string,
) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new Refused(`${error instanceof Error ? error.message : error}\n\n${usage}`, { cause: error });
  }
}

export function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Refused(`--port is ${text}, which is no port`);
}
