import { InvalidInputError } from '#shared/errors.ts';
import { formatValue, truncate } from '#shared/redact.ts';

/** A break-glass in force: the gate lets everything through and asks nobody. */
export interface Override {
  readonly until: number;
  readonly reason: string;
}

const HOUR_MS = 3_600_000;
const MIN_REASON_LENGTH = 8;
/** Pipeline variables cannot be empty: this is how one says that the glass is whole. */
const noOverride = /^(none|no|off|false|-)?$/i;
const overrideShape = /^(\S+)\s+(\S.*)$/s;

/**
 * Reads `<until> <reason>`, such as `2026-11-21T18:00:00Z hotfix for INC-42`. Undefined when nobody broke the glass or
 * its time is over.
 *
 * @throws BadInput for one without a time or a reason, or with a time further ahead than `maxHours`
 */
export function parseOverride(
  text: string | undefined,
  { now, maxHours }: { readonly now: number; readonly maxHours: number },
): Override | undefined {
  const trimmed = text?.trim() ?? '';
  if (noOverride.test(trimmed)) return undefined;
  const [, time = '', reason = ''] = overrideShape.exec(trimmed) ?? [undefined, trimmed];
  const until = parseTime(time);
  if (reason.length < MIN_REASON_LENGTH)
    throw new InvalidInputError(
      `override: expected a reason of ${MIN_REASON_LENGTH} characters or more, got ${formatValue(reason)}`,
    );
  if (until > now + maxHours * HOUR_MS)
    throw new InvalidInputError(`override: ends more than ${maxHours} hours ahead, at ${formatValue(time)}`);
  return until > now ? { until, reason: truncate(reason, 300) } : undefined;
}

// With its zone, or not at all: a local time would mean another hour in every account.
function parseTime(time: string): number {
  const parsed = /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(parsed))
    throw new InvalidInputError(
      `override: expected a time like 2026-11-21T18:00:00Z and a reason, got ${formatValue(time)}`,
    );
  return parsed;
}
