import type { Invocation } from '../../../shared/invocation.ts';

/** What was logged and counted. */
export interface Book {
  readonly lines: { level: string; message: string; fields: Record<string, unknown> }[];
  /** By the metric's name, followed by the values of its own dimensions. */
  readonly counts: Record<string, number>;
}

export interface FakeToolsOptions {
  /** The real time unless told. */
  readonly now?: () => number;
  readonly remainingMs?: () => number;
  readonly signal?: AbortSignal;
}

/** What `serve` hands to a wing, with a book of what it said. */
export function fakeInvocation({
  now = Date.now,
  remainingMs = () => 24_000,
  signal = new AbortController().signal,
}: FakeToolsOptions = {}): { invocation: Invocation; book: Book } {
  const book: Book = { lines: [], counts: {} };
  const line = (level: string) => (message: string, fields: Record<string, unknown>) => {
    book.lines.push({ level, message, fields });
  };
  const logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  const metrics = {
    addMetric: (name: string, _: unknown, n: number) => {
      book.counts[name] = (book.counts[name] ?? 0) + n;
    },
    addMetadata: () => {},
    singleMetric: () => {
      let suffix = '';
      return {
        addDimensions: (dimensions: object) => {
          suffix = ` of ${Object.values(dimensions).join(' ')}`;
        },
        addMetric: (name: string, unit: unknown, n: number) => metrics.addMetric(name + suffix, unit, n),
      };
    },
  };
  return { invocation: { logger, metrics, signal, remainingMs, now } as unknown as Invocation, book };
}
