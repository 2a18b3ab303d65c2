import { afterEach, beforeEach, vi } from 'vitest';

type Line = Readonly<Record<string, unknown>>;

export interface Output {
  /** Everything that this test has written to stdout and stderr. */
  text(): string;
  /** The log lines among it, parsed. */
  logs(): readonly Line[];
  /** The sum of a count over all that was published. */
  counted(metric: string): number;
}

/** Captures what the function writes. Starts empty in every test. */
export function captureOutput(): Output {
  let written: string[] = [];
  beforeEach(() => {
    written = [];
    const keep = (chunk: unknown): boolean => written.push(String(chunk)) > 0;
    vi.spyOn(process.stdout, 'write').mockImplementation(keep);
    vi.spyOn(process.stderr, 'write').mockImplementation(keep);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  const lines = (): readonly Line[] =>
    written
      .join('')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  return {
    text: () => written.join(''),
    logs: () => lines().filter((line) => 'level' in line),
    counted: (metric) =>
      lines()
        .filter((line) => '_aws' in line)
        .flatMap((line) => (line[metric] ?? []) as number | number[])
        .reduce((sum, value) => sum + value, 0),
  };
}
