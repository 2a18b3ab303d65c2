import type { Mail } from '#shared/mail.ts';
import type { Cordon, Step } from '../domain/cordon-record.ts';
import { severities } from '../domain/disruption.ts';

export interface DigestLine {
  readonly cordon: Cordon;
  readonly outcomes: Readonly<Partial<Record<Step, string>>>;
  /** What on-call should know beyond the outcomes, such as a target group that drains too slowly. */
  readonly remarks: readonly string[];
}

/** Beyond this many the list is cut, and before SNS's 256 KiB; the log has the rest. */
const MAX_LINES = 200;
const MAX_BYTES = 240_000;

/** One mail for a whole batch. */
export function writeDigest(lines: readonly DigestLine[]): Mail {
  const counts = [...severities]
    .reverse()
    .map((severity) => ({ severity, n: lines.filter(({ cordon }) => cordon.severity === severity).length }))
    .filter(({ n }) => n > 0)
    .map(({ severity, n }) => `${n} ${severity}`);
  const subject = `Groundcrew cordoned ${lines.length} instance${lines.length === 1 ? '' : 's'} (${counts.join(', ')})`;
  const shown = fitting(lines.slice(0, MAX_LINES).map(paragraph));
  const left = lines.length - shown.length;
  const more = left > 0 ? [`... and ${left} more; the function's log names them.`] : [];
  const text = [`${subject}.`, 'No new work should be placed on them.', '', ...shown, ...more].join('\n');
  return { subject, text };
}

function fitting(paragraphs: readonly string[]): string[] {
  let bytes = 0;
  return paragraphs.filter((text) => {
    bytes += Buffer.byteLength(text);
    return bytes <= MAX_BYTES;
  });
}

function paragraph({ cordon, outcomes, remarks }: DigestLine): string {
  const until = cordon.deadline === undefined ? [] : [`deadline ${iso(cordon.deadline)}`];
  const expiry = cordon.expiresAt === undefined ? [] : [`expires ${iso(cordon.expiresAt)}`];
  const group = cordon.group === undefined ? [] : [`group ${cordon.group}`];
  const head = [
    `${cordon.instanceId}: ${cordon.reason}`,
    `action ${cordon.action}`,
    ...until,
    ...expiry,
    ...group,
  ];
  const done = (['protect', 'drain', 'replace'] as const)
    .filter((step) => outcomes[step] !== undefined)
    .map((step) => `  ${step}: ${outcomes[step]}`);
  return [head.join(', '), ...done, ...remarks.map((remark) => `  note: ${remark}`), ''].join('\n');
}

function iso(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
