import { InvalidInputError } from '#shared/errors.ts';
import { formatValue, truncate } from '#shared/redact.ts';
import { HOUR_MS } from '#shared/time.ts';

/** An active override: the gate allows every deployment without any check. */
export interface Override {
  readonly until: number;
  readonly reason: string;
}

const MIN_REASON_LENGTH = 8;
/** Pipeline variables cannot be empty, so these values mean "no override". */
const noOverride = /^(none|no|off|false|-)?$/i;
const overrideShape = /^(\S+)\s+(\S.*)$/s;

/**
 * Parses `<until> <reason>`, such as `2026-11-21T18:00:00Z hotfix for INC-42`.
 *
 * @returns undefined without an override, or when it has ended
 * @throws InvalidInputError without a time or a reason, or for a time more than `maxHours` ahead
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

// Only with a time zone: a local time would be ambiguous.
function parseTime(time: string): number {
  const parsed = /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(parsed))
    throw new InvalidInputError(
      `override: expected a time like 2026-11-21T18:00:00Z and a reason, got ${formatValue(time)}`,
    );
  return parsed;
}
