import type { Mail } from '#shared/mail.ts';
import type { CordonRecord } from '../domain/cordon-record.ts';
import { severities } from '../domain/disruption.ts';

/** The list is cut at this many instances, and below SNS's limit of 256 KiB. The log names all of them. */
const MAX_INSTANCES = 200;
const MAX_BYTES = 240_000;

/** One mail for a whole batch. */
export function cordonSummaryMail(records: readonly CordonRecord[]): Mail {
  const counts = [...severities]
    .reverse()
    .map((severity) => ({
      severity,
      n: records.filter((record) => record.severity === severity).length,
    }))
    .filter(({ n }) => n > 0)
    .map(({ severity, n }) => `${n} ${severity}`);
  const plural = records.length === 1 ? '' : 's';
  const subject = `Groundcrew cordoned ${records.length} instance${plural} (${counts.join(', ')})`;
  const shown = takeFitting(records.slice(0, MAX_INSTANCES).map(formatSummary));
  const hidden = records.length - shown.length;
  const more = hidden > 0 ? [`... and ${hidden} more; the log of CordonInstances names them.`] : [];
  const action = 'You need to act only if you place work by hand: place no new work on these instances.';
  const text = [`${subject}.`, action, '', ...shown, ...more].join('\n');
  return { subject, text };
}

function takeFitting(paragraphs: readonly string[]): string[] {
  let bytes = 0;
  return paragraphs.filter((text) => {
    bytes += Buffer.byteLength(text);
    return bytes <= MAX_BYTES;
  });
}

function formatSummary(record: CordonRecord): string {
  const { steps: outcomes, remarks = [] } = record;
  const head = [
    `${record.instanceId}: ${record.reason}`,
    `action ${record.action}`,
    ...(record.deadline === undefined ? [] : [`deadline ${formatSeconds(record.deadline)}`]),
    ...(record.expiresAt === undefined ? [] : [`expires ${formatSeconds(record.expiresAt)}`]),
    ...(record.group === undefined ? [] : [`group ${record.group}`]),
  ];
  const steps = (['protect', 'drain', 'replace'] as const)
    .filter((step) => outcomes[step] !== undefined)
    .map((step) => `  ${step}: ${outcomes[step]}`);
  return [head.join(', '), ...steps, ...remarks.map((remark) => `  note: ${remark}`), ''].join('\n');
}

/** `2026-11-28 18:00:05 UTC`: with a notice of two minutes, seconds matter. */
function formatSeconds(at: number): string {
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}
