import { Logger } from '@aws-lambda-powertools/logger';
import { describeError } from './errors.ts';
import { isSecretName, redact } from './redact.ts';

/** The part of the logger that wings use: one `info` per outcome, ids as fields, never a payload. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'appendKeys'>;

export const logger = new Logger({ jsonReplacerFn: clean });

// The last line of defence: no credential reaches a log line, whatever a wing passes.
function clean(key: string, value: unknown): unknown {
  if (value !== undefined && value !== null && isSecretName(key)) return '[redacted]';
  if (typeof value === 'string') return redact(value);
  if (value instanceof Error) return { ...describeError(value), stack: frames(value) };
  return value;
}

function frames(error: Error): string {
  const lines = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return lines.slice(0, 8).join('\n');
}
