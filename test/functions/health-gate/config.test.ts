import { expect, it } from 'vitest';
import { readResumeConfig } from '../../../functions/health-gate/config.ts';
import { config } from './resume-account.ts';

const env = {
  AWS_REGION: 'eu-west-1',
  ACCOUNT_ID: '123456789012',
  GATE_TABLE: 'gate-records',
  READER_ROLE_ARN: 'arn:aws:iam::{account}:role/groundcrew-health-reader',
  OVERRIDE_PARAMETER: '/groundcrew/health-gate/override',
  MAX_OVERRIDE_HOURS: '24',
  HOLDS_TABLE: 'holds',
  QUEUE_URL: 'https://queue',
  NOTIFICATION_TOPIC_ARN: 'arn:aws:sns:eu-west-1:123456789012:notifications',
  DRY_RUN: 'false',
  COOL_DOWN_MINUTES: '10',
  JITTER_MINUTES: '10',
  MAX_ATTEMPTS: '3',
  MAX_HOLD_HOURS: '24',
};

it('reads the environment', () => {
  expect(readResumeConfig(env)).toEqual(config);
});

it.each(Object.keys(env))('does not start without %s', (name) => {
  expect(() => readResumeConfig({ ...env, [name]: undefined })).toThrow(`${name} is not set`);
});

it.each([
  ['COOL_DOWN_MINUTES', '121'],
  ['JITTER_MINUTES', '61'],
  ['MAX_ATTEMPTS', '0'],
  ['MAX_HOLD_HOURS', '169'],
])('does not start with %s=%s', (name, value) => {
  expect(() => readResumeConfig({ ...env, [name]: value })).toThrow(name);
});
