import { describe, expect, it } from 'vitest';
import { writePythonScript } from '../../../bench/cold-start/same-calls.ts';

describe('the script with the same calls', () => {
  it('makes each call as often as it was counted, with one client for each service', () => {
    const lines = writePythonScript(
      new Map([
        ['DescribeAlarms', 2],
        ['DescribeInstances', 1],
      ]),
    ).split('\n');

    expect(lines.slice(0, 3)).toEqual([
      'import boto3',
      'cloudwatch = boto3.client("cloudwatch")',
      'ec2 = boto3.client("ec2")',
    ]);
    expect(lines.slice(3).map((line) => line.replace(/\(.*/, ''))).toEqual([
      'cloudwatch.describe_alarms',
      'cloudwatch.describe_alarms',
      'ec2.describe_instances',
    ]);
  });

  it('refuses a call that it does not know, instead of leaving it out', () => {
    expect(() => writePythonScript(new Map([['PutMetricAlarm', 1]]))).toThrow(/PutMetricAlarm/);
  });
});
