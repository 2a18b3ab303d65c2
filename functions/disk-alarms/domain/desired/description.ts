import { truncate } from '#shared/redact.ts';
import type { Disk } from '../disk.ts';
import { displayName, type Instance } from '../instance.ts';
import type { Thresholds } from '../settings.ts';

// What a person reads at 3 a.m. CloudWatch allows 1,024 characters.

const MAX_LENGTH = 900;

/** The text of a disk's alarm. `thresholds` are in percent or GB of free space. */
export function formatDiskDescription(
  instance: Instance,
  disk: Disk,
  what: string,
  { thresholds, runbookUrl }: { readonly thresholds: string; readonly runbookUrl: string | undefined },
): string {
  const size = disk.sizeGb === undefined ? 'unknown' : `${disk.sizeGb} GB`;
  return joinLines([
    `Disk ${toSingleLine(disk.mount, 200)} of ${toSingleLine(displayName(instance), 200)} ${what}`,
    `Size ${size}. ${thresholds}`,
    `Volume: ${disk.volumeId ?? 'unknown'}.`,
    runbookUrl && `Runbook: ${runbookUrl}`,
  ]);
}

export function formatSilentAgentDescription(
  instance: Instance,
  minutes: number,
  runbookUrl: string | undefined,
): string {
  return joinLines([
    `The CloudWatch agent of ${toSingleLine(displayName(instance), 200)} has sent no disk metrics for ${minutes} minutes.`,
    'No disk alarms work until it does. Check: instance running, agent running, role allows cloudwatch:PutMetricData.',
    runbookUrl && `Runbook: ${runbookUrl}`,
  ]);
}

/** The same sentence in every alarm of a disk, so that each names the other's threshold. */
export function formatThresholds(free: Thresholds, minimums: Partial<Thresholds>): string {
  const level = (severity: keyof Thresholds): string =>
    minimums[severity] === undefined ? `${round(free[severity])} %` : `${minimums[severity]} GB`;
  return `Warning below ${level('warning')} free, critical below ${level('critical')}.`;
}

function joinLines(all: readonly (string | undefined)[]): string {
  return truncate(all.filter(Boolean).join('\n'), MAX_LENGTH);
}

/** Tags may contain line breaks, which would break the metadata in the last line. */
function toSingleLine(text: string, most: number): string {
  return truncate(text.replace(/\p{Cc}+/gu, ' '), most);
}

const round = (value: number): number => Math.round(value * 100) / 100;
