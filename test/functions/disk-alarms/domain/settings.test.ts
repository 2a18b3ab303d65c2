import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../../functions/disk-alarms/config.ts';
import { settingParsers, settingsFor, tierOf } from '../../../../functions/disk-alarms/domain/settings.ts';
import { resolveTopic } from '../../../../functions/disk-alarms/domain/topic.ts';
import { defaults, TOPIC } from '../builders.ts';

describe('tiers', () => {
  const tiers = settingParsers.tiers('0:30/20 500:15/10 2000:5/2.5');

  it.each([
    [undefined, 30, 20],
    [0.1, 30, 20],
    [499, 30, 20],
    [500, 15, 10],
    [1999, 15, 10],
    [16_384, 5, 2.5],
  ])('of a disk of %s GB', (size, warning, critical) => {
    expect(tierOf(tiers, size)).toMatchObject({ warning, critical });
  });

  it.each([
    ['', 'has the tier "", expected'],
    ['30/20', 'has the tier "30/20", expected <from GB>:<warning %>/<critical %> like 0:30/20'],
    ['0:20/30', 'has the tier "0:20/30"'],
    ['0:30/0', 'has the tier "0:30/0"'],
    ['0:100/20', 'has the tier "0:100/20"'],
    ['100:30/20', 'expected tiers that start at 0 and ascend'],
    ['0:30/20 500:15/10 500:10/5', 'expected tiers that start at 0 and ascend'],
    ['0:30/20,500:15/10', 'has the tier "0:30/20,500:15/10"'],
  ])('%j are rejected', (raw, fault) => {
    expect(() => settingParsers.tiers(raw)).toThrow(fault);
  });
});

describe('an instance', () => {
  it('without tags has the default settings', () => {
    expect(settingsFor(defaults, { Name: 'web' })).toEqual(defaults);
  });

  it('overrides each of them by a tag', () => {
    const tags = {
      'groundcrew:disk-tiers': ' 0:25/5 ',
      'groundcrew:disk-minimum-free-gb': '100/50',
      'groundcrew:disk-period': '60',
      'groundcrew:disk-datapoints': '5/6',
      'groundcrew:disk-warning': 'independent',
      'groundcrew:disk-statistic': 'Minimum',
      'groundcrew:disk-inodes': '10',
      'groundcrew:disk-silent': '15',
      'groundcrew:disk-forecast': '48',
    };
    expect(settingsFor(defaults, tags)).toEqual({
      tiers: [{ fromGb: 0, warning: 25, critical: 5 }],
      minimumFreeGb: { warning: 100, critical: 50 },
      periodSeconds: 60,
      datapoints: { breaching: 5, of: 6 },
      warningAlarm: 'independent',
      statistic: 'Minimum',
      inodesPercent: 10,
      silentMinutes: 15,
      forecastHours: 48,
    });
  });

  it('turns the minimum free space off', () => {
    const floored = { ...defaults, minimumFreeGb: { warning: 2, critical: 1 } };
    expect(settingsFor(floored, { 'groundcrew:disk-minimum-free-gb': 'off' }).minimumFreeGb).toBeUndefined();
  });

  it.each([
    ['groundcrew:disk-minimum-free-gb', '50/100'],
    ['groundcrew:disk-period', '90'],
    ['groundcrew:disk-period', '0'],
    ['groundcrew:disk-warning', 'quiet'],
    ['groundcrew:disk-datapoints', '4/3'],
    ['groundcrew:disk-datapoints', '0/3'],
    ['groundcrew:disk-statistic', 'p99'],
    ['groundcrew:disk-inodes', '-1'],
    ['groundcrew:disk-silent', '9999'],
  ])('gets an error for %s=%s', (key, value) => {
    expect(() => settingsFor(defaults, { [key]: value })).toThrow(`tag ${key} is "${value}", expected`);
  });

  it('gets an error if CloudWatch cannot evaluate a range that long', () => {
    const tags = { 'groundcrew:disk-period': '1800', 'groundcrew:disk-datapoints': '1/49' };
    expect(() => settingsFor(defaults, tags)).toThrow(
      '49 periods of 1800 seconds are more than the 86400 seconds',
    );
    expect(settingsFor(defaults, { ...tags, 'groundcrew:disk-period': '3600' }).periodSeconds).toBe(3600);
  });
});

describe('the environment', () => {
  const env = {
    AWS_REGION: 'eu-west-1',
    NOTIFICATION_TOPIC_ARN: TOPIC,
    QUEUE_URL: 'https://queue',
    ALARM_PREFIX: 'disk-',
    DRY_RUN: 'false',
    SCOPE: 'all',
    MODE: 'disk',
    WARNING_ALARM: 'between',
    FILE_SYSTEMS: 'EXT4, xfs',
    TIERS: '0:30/20 500:15/10',
    MINIMUM_FREE_GB: 'off',
    PERIOD_SECONDS: '300',
    DATAPOINTS: '2/3',
    STATISTIC: 'Average',
    INODES_PERCENT: '0',
    SILENT_MINUTES: '0',
    FORECAST_HOURS: '0',
    MAX_ALARMS: '2000',
    CHANGES_PER_SECOND: '1.5',
  };

  it('is read as a whole', () => {
    const config = readConfig(env);
    expect(config).toMatchObject({ defaults, fileSystems: new Set(['ext4', 'xfs']), runbookUrl: undefined });
    expect(config.profiles.map(({ name }) => name)).toEqual(['linux', 'windows', 'windows-renamed']);
  });

  it('takes profiles as JSON', () => {
    const own = [{ name: 'own', namespace: 'Acme/Hosts', percent: 'used', percentIs: 'used', mount: 'disk' }];
    expect(readConfig({ ...env, PROFILES: JSON.stringify(own) }).profiles).toEqual([
      { ...own[0], unit: 'Bytes' },
    ]);
  });

  it('reports every fault in one message', () => {
    const broken = { ...env, TIERS: 'x', MODE: 'both', PROFILES: '[{"name":"a"}]', QUEUE_URL: '' };
    expect(() => readConfig(broken)).toThrow(
      /QUEUE_URL is not set; MODE is "both".*; PROFILES profiles: 0\.namespace must be a string, got nothing.*; TIERS has the tier "x"/,
    );
    expect(() => readConfig({ ...env, DATAPOINTS: '1/300' })).toThrow(
      'PERIOD_SECONDS and DATAPOINTS: 300 periods',
    );
  });
});

describe('a topic', () => {
  const resolve = (given: string) => resolveTopic(given, TOPIC, 'sns_topic_name');

  it('is found by its name in this account and Region', () => {
    expect(resolve('file-servers')).toBe('arn:aws:sns:eu-west-1:123456789012:file-servers');
    expect(resolveTopic('a', 'arn:aws-cn:sns:cn-north-1:123456789012:x', '')).toBe(
      'arn:aws-cn:sns:cn-north-1:123456789012:a',
    );
  });

  it('may belong to another account', () => {
    const arn = 'arn:aws:sns:eu-west-1:210987654321:shared';
    expect(resolve(arn)).toBe(arn);
  });

  it.each([
    ['arn:aws:sns:us-east-1:123456789012:far', 'sns_topic_name must be in eu-west-1'],
    ['arn:aws:sqs:eu-west-1:123456789012:queue', 'must be a standard SNS topic'],
    ['arn:aws:sns:eu-west-1:123456789012:orders.fifo', 'must be a standard SNS topic'],
    ['arn:aws:sns:eu-west-1:123456789012:topic:5be8f0c5', 'must be a standard SNS topic'],
    ['two words', 'must be a standard SNS topic, by name or by ARN, got "two words"'],
    ['', 'must be a standard SNS topic'],
  ])('%j is rejected', (given, fault) => {
    expect(() => resolve(given)).toThrow(fault);
  });
});
