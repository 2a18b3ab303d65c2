import { type Env, type Field, flag, list, oneOf, readEnvironment, text } from '#shared/config.ts';
import { ConfigurationError } from '#shared/errors.ts';
import { builtIn, readProfiles } from './domain/metric-profile.ts';
import { rangeFault, readers } from './domain/settings.ts';

/** What ReconcileDiskAlarms is told by its environment; every fault is reported in one message. */
export function readConfig(env: Env = process.env) {
  const read = readEnvironment(env, {
    region: text('AWS_REGION'),
    topicArn: text('NOTIFICATION_TOPIC_ARN'),
    queueUrl: text('QUEUE_URL'),
    prefix: text('ALARM_PREFIX'),
    dryRun: flag('DRY_RUN'),
    scope: oneOf('SCOPE', ['all', 'tagged']),
    mode: oneOf('MODE', ['disk', 'fleet']),
    quietWarnings: flag('QUIET_WARNINGS'),
    profiles: setting('PROFILES', readProfiles, builtIn),
    fileSystems: list('FILE_SYSTEMS'),
    runbookUrl: text('RUNBOOK_URL', { optional: true }),
    tiers: setting('TIERS', readers.tiers),
    floorGb: setting('FLOOR_GB', readers.floorGb),
    periodSeconds: setting('PERIOD_SECONDS', readers.periodSeconds),
    datapoints: setting('DATAPOINTS', readers.datapoints),
    statistic: setting('STATISTIC', readers.statistic),
    inodesPercent: setting('INODES_PERCENT', readers.inodesPercent),
    silentMinutes: setting('SILENT_MINUTES', readers.silentMinutes),
  });
  const fault = rangeFault(read);
  if (fault) throw new ConfigurationError(`Configuration: PERIOD_SECONDS and DATAPOINTS: ${fault}`);
  const { tiers, floorGb, periodSeconds, datapoints, statistic, inodesPercent, silentMinutes, ...rest } =
    read;
  const defaults = { tiers, floorGb, periodSeconds, datapoints, statistic, inodesPercent, silentMinutes };
  return { ...rest, defaults, fileSystems: new Set(read.fileSystems.map((one) => one.toLowerCase())) };
}
export type Config = ReturnType<typeof readConfig>;

function setting<T>(variable: string, read: (raw: string) => T, fallback?: T): Field<T> {
  return {
    variable,
    read: (raw) => {
      if (raw !== undefined) return read(raw.trim());
      if (fallback === undefined) throw new Error('is not set');
      return fallback;
    },
  };
}
