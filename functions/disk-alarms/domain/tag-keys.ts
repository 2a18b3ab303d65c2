/** The tags of instances that change their settings. */
export const tagKeys = {
  use: 'groundcrew:disk-alarms',
  topic: 'groundcrew:disk-topic',
  tiers: 'groundcrew:disk-tiers',
  minimumFreeGb: 'groundcrew:disk-minimum-free-gb',
  periodSeconds: 'groundcrew:disk-period',
  datapoints: 'groundcrew:disk-datapoints',
  warningAlarm: 'groundcrew:disk-warning',
  statistic: 'groundcrew:disk-statistic',
  inodesPercent: 'groundcrew:disk-inodes',
  silentMinutes: 'groundcrew:disk-silent',
  forecastHours: 'groundcrew:disk-forecast',
  /** GB of the disks whose agent sends no size. */
  size: 'groundcrew:disk-size',
  /** For one mount; further ones have a suffix, as in `groundcrew:disk-mount:logs`. */
  mount: 'groundcrew:disk-mount',
} as const;
