import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const keptLines = 1000;

/** The last lines that a function wrote, of all its processes. */
export interface Logs {
  readonly lines: readonly string[];
  follow(stream: Readable): void;
  clear(): void;
}

export function createLogs(): Logs {
  const lines: string[] = [];
  return {
    lines,
    follow: (stream) => {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (lines.length > keptLines) lines.splice(0, lines.length - keptLines);
      });
    },
    clear: () => {
      lines.length = 0;
    },
  };
}
