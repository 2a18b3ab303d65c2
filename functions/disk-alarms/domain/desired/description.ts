import { truncate } from '#shared/redact.ts';
import { type Instance, nameOf } from '../instance.ts';
import type { Levels, Settings } from '../settings.ts';
import type { Disk } from './for-disk.ts';

// What a person reads at 3 a.m. CloudWatch takes 1,024 characters.

const MOST = 900;

/** The text of a disk's alarm. `thresholds` are in per cent or GB of free space. */
export function describeDisk(
  instance: Instance,
  disk: Disk,
  what: string,
  { thresholds, runbookUrl }: { readonly thresholds: string; readonly runbookUrl: string | undefined },
): string {
  const size = disk.sizeGb === undefined ? 'unknown' : `${disk.sizeGb} GB`;
  return lines([
    `Disk ${plain(disk.mount, 200)} of ${plain(nameOf(instance), 200)} ${what}`,
    `Size ${size}. ${thresholds}`,
    `Volume: ${disk.volumeId ?? 'unknown from outside the instance'}.`,
    runbookUrl && `Runbook: ${runbookUrl}`,
  ]);
}

export function describeSilence(instance: Instance, minutes: number, runbookUrl: string | undefined): string {
  return lines([
    `The CloudWatch agent of ${plain(nameOf(instance), 200)} has sent no disk metrics for ${minutes} minutes.`,
    'Nobody watches its disks until it does: is the instance up, the agent running, its role allowed to send?',
    runbookUrl && `Runbook: ${runbookUrl}`,
  ]);
}

/** The same words in every alarm of the disk, so that one tells of the other. */
export function describeThresholds(free: Levels, floors: Partial<Levels>): string {
  const level = (severity: keyof Levels): string =>
    floors[severity] === undefined ? `${round(free[severity])} %` : `${floors[severity]} GB`;
  return `Warning below ${level('warning')} free, critical below ${level('critical')}.`;
}

export function describeWindow({ periodSeconds, datapoints }: Settings): string {
  return `${datapoints.breaching} of ${datapoints.of} periods of ${periodSeconds} seconds.`;
}

function lines(all: readonly (string | undefined)[]): string {
  return truncate(all.filter(Boolean).join('\n'), MOST);
}

/** A tag may hold anything; a line of its own would break what follows. */
function plain(text: string, most: number): string {
  return truncate(text.replace(/\p{Cc}+/gu, ' '), most);
}

const round = (value: number): number => Math.round(value * 100) / 100;
