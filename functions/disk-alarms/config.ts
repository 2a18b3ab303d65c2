import { type Env, type Field, flag, list, oneOf, readEnvironment, text } from '#shared/config.ts';
import { ConfigurationError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';
import { builtInProfiles, parseProfiles } from './domain/metric-profile.ts';
import { rangeError, type Settings, settingParsers } from './domain/settings.ts';

const settingFields = {
  tiers: parsedSetting('TIERS', settingParsers.tiers),
  minimumFreeGb: parsedSetting('MINIMUM_FREE_GB', settingParsers.minimumFreeGb),
  periodSeconds: parsedSetting('PERIOD_SECONDS', settingParsers.periodSeconds),
  datapoints: parsedSetting('DATAPOINTS', settingParsers.datapoints),
  warningAlarm: parsedSetting('WARNING_ALARM', settingParsers.warningAlarm),
  statistic: parsedSetting('STATISTIC', settingParsers.statistic),
  inodesPercent: parsedSetting('INODES_PERCENT', settingParsers.inodesPercent),
  silentMinutes: parsedSetting('SILENT_MINUTES', settingParsers.silentMinutes),
  forecastHours: parsedSetting('FORECAST_HOURS', settingParsers.forecastHours),
};

/** Reads the environment of ReconcileDiskAlarms. @throws ConfigurationError that lists every fault */
export function readConfig(env: Env = process.env) {
  const read = readEnvironment(env, {
    region: text('AWS_REGION'),
    topicArn: text('NOTIFICATION_TOPIC_ARN'),
    queueUrl: text('QUEUE_URL'),
    prefix: text('ALARM_PREFIX'),
    dryRun: flag('DRY_RUN'),
    scope: oneOf('SCOPE', ['all', 'tagged', 'none']),
    mode: oneOf('MODE', ['disk', 'fleet']),
    profiles: parsedSetting('PROFILES', parseProfiles, builtInProfiles),
    fileSystems: list('FILE_SYSTEMS'),
    ignoreMounts: list('IGNORE_MOUNTS', { optional: true }),
    maxAlarms: parsedSetting('MAX_ALARMS', parseMaxAlarms),
    changesPerSecond: parsedSetting('CHANGES_PER_SECOND', parseRate),
    runbookUrl: text('RUNBOOK_URL', { optional: true }),
    ...settingFields,
  });
  const { tiers, minimumFreeGb, periodSeconds, datapoints, ...others } = read;
  const { warningAlarm, statistic, inodesPercent, silentMinutes, forecastHours, ...rest } = others;
  const alarms = { tiers, minimumFreeGb, periodSeconds, datapoints, warningAlarm };
  const defaults: Settings = { ...alarms, statistic, inodesPercent, silentMinutes, forecastHours };
  const fault = rangeError(defaults);
  if (fault) throw new ConfigurationError(`Configuration: PERIOD_SECONDS and DATAPOINTS: ${fault}`);
  return { ...rest, defaults, fileSystems: new Set(read.fileSystems.map((one) => one.toLowerCase())) };
}
export type Config = ReturnType<typeof readConfig>;

function parseMaxAlarms(raw: string): number {
  if (/^[1-9]\d{0,5}$/.test(raw)) return Number(raw);
  throw new Error(`is ${formatValue(raw)}, expected a whole number from 1 to 999999`);
}

function parseRate(raw: string): number {
  const rate = Number(raw);
  if (/^\d+(\.\d+)?$/.test(raw) && rate >= 0.1 && rate <= 100) return rate;
  throw new Error(`is ${formatValue(raw)}, expected a number from 0.1 to 100`);
}

function parsedSetting<T>(variable: string, read: (raw: string) => T, fallback?: T): Field<T> {
  return {
    variable,
    read: (raw) => {
      if (raw !== undefined) return read(raw.trim());
      if (fallback === undefined) throw new Error('is not set');
      return fallback;
    },
  };
}
