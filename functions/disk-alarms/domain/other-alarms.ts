import { type Instance, isTerminated } from './instance.ts';
import { type MetricProfile, metricsByRole } from './metric-profile.ts';

// Disk alarms of tools that people come from. We never touch them; a dry run lists them.

/** An alarm of somebody else. */
export interface OtherAlarm {
  readonly name: string;
  /** Empty for metric math. */
  readonly metric: string;
}

/** `AutoAlarm-<instance>-<namespace>-<metric>-...`: AWS's CloudWatchAutoAlarms. */
const autoAlarm = /^AutoAlarm-(i-[0-9a-f]+)-/;
/** `<Name>-Warning-DiskFreeSpace-Alert_volume-<drive>,instance-<instance>`: AWS's sample for Windows volumes. */
const sampleAlarm = /-(?:Warning|CRITICAL)-DiskFreeSpace-Alert_volume-.+,instance-(i-[0-9a-f]+)$/;

/** Up to this many instances (or Names), alarms are looked for one by one. */
const MAX_PREFIXES = 20;

/** The beginnings of the names to look for. */
export function otherAlarmPrefixes(instances: readonly Instance[]): string[] {
  const living = instances.filter((instance) => !isTerminated(instance));
  const names = [...new Set(living.flatMap(({ tags }) => tags['Name'] ?? []))].sort();
  const ofAutoAlarms =
    living.length > MAX_PREFIXES
      ? ['AutoAlarm-']
      : living.map(({ instanceId }) => `AutoAlarm-${instanceId}-`).sort();
  const ofSample = names
    .slice(0, MAX_PREFIXES)
    .flatMap((name) => ['Warning', 'CRITICAL'].map((severity) => `${name}-${severity}-DiskFreeSpace-Alert_`));
  return [...ofAutoAlarms, ...ofSample];
}

/** The names of those alarms that watch disks of these instances. CloudWatchAutoAlarms has others, too. */
export function otherDiskAlarms(
  alarms: readonly OtherAlarm[],
  instances: readonly Instance[],
  profiles: readonly MetricProfile[],
): string[] {
  const metrics = new Set(
    profiles.flatMap((profile) => metricsByRole(profile, true).map(([, metric]) => metric)),
  );
  const ids = new Set(instances.map(({ instanceId }) => instanceId));
  const ours = alarms.filter(({ name, metric }) => {
    const owner = autoAlarm.exec(name)?.[1] ?? sampleAlarm.exec(name)?.[1];
    return owner !== undefined && ids.has(owner) && metrics.has(metric);
  });
  return [...new Set(ours.map(({ name }) => name))].sort();
}
