import { parseArgs } from 'node:util';

export interface BenchArguments {
  /** Undefined: all of them. */
  readonly only: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

export function usage(names: readonly string[]): string {
  return `npm run bench -- [options]

Measures, prints a table for each bench, and writes it with a chart to docs/bench/. Figures are ratios, and each is
repeated until it is precise.

  --only <name>  one of ${names.join(', ')}
  --json         one JSON object on stdout instead; writes no files
  --help         this text`;
}

/** @throws an error for people about what cannot be done */
export function parseBenchArguments(args: readonly string[], names: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { only, json, help } = values;
  if (only !== undefined && !names.includes(only))
    throw new Error(`--only: expected one of ${names.join(', ')}, got ${JSON.stringify(only)}`);
  return { only, json, help };
}
