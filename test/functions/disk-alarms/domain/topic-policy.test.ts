import { describe, expect, it } from 'vitest';
import { topicFault } from '../../../../functions/disk-alarms/domain/topic.ts';
import {
  isClosedToAlarms,
  isKeyClosedToAlarms,
} from '../../../../functions/disk-alarms/domain/topic-policy.ts';

const allow = (more: object) => ({ Effect: 'Allow', Action: 'sns:Publish', Resource: '*', ...more });
const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const cloudWatch = { Service: 'cloudwatch.amazonaws.com' };

describe('the policy of a topic', () => {
  it.each([
    ['is missing', undefined],
    ['is no JSON', 'x'],
    [
      'is the default of SNS',
      policy(
        allow({
          Principal: { AWS: '*' },
          Action: ['SNS:GetTopicAttributes', 'SNS:Publish'],
          Condition: { StringEquals: { 'AWS:SourceOwner': '123456789012' } },
        }),
      ),
    ],
    ['allows CloudWatch', policy(allow({ Principal: cloudWatch }))],
    [
      'allows CloudWatch among others',
      policy(allow({ Principal: { Service: ['s3.amazonaws.com', cloudWatch.Service] } })),
    ],
    ['allows everybody', policy(allow({ Principal: '*', Action: 'sns:*' }))],
    ['allows the account', policy(allow({ Principal: { AWS: 'arn:aws:iam::123456789012:root' } }))],
    [
      'allows all but one',
      policy({ Effect: 'Allow', NotPrincipal: { AWS: 'x' }, NotAction: 'sns:DeleteTopic' }),
    ],
    [
      'denies with a condition',
      policy(allow({ Principal: cloudWatch }), {
        ...allow({ Principal: '*' }),
        Effect: 'Deny',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    ],
    [
      'denies somebody else',
      policy(allow({ Principal: cloudWatch }), {
        ...allow({ Principal: { AWS: 'arn:x:role/y' } }),
        Effect: 'Deny',
      }),
    ],
  ])('that %s may let alarms publish', (_, text) => {
    expect(isClosedToAlarms(text)).toBe(false);
  });

  it.each([
    ['allows only another service', policy(allow({ Principal: { Service: 'events.amazonaws.com' } }))],
    ['allows only a role', policy(allow({ Principal: { AWS: 'arn:aws:iam::123456789012:role/app' } }))],
    ['allows everybody only to subscribe', policy(allow({ Principal: '*', Action: 'sns:Subscribe' }))],
    [
      'denies everybody',
      policy(allow({ Principal: cloudWatch }), { ...allow({ Principal: '*' }), Effect: 'Deny' }),
    ],
  ])('that %s shuts out alarms', (_, text) => {
    expect(isClosedToAlarms(text)).toBe(true);
    expect(topicFault('arn', { keyId: undefined, policy: text })).toMatch(
      /^topic arn has a policy that does not let/,
    );
  });
});

describe('the policy of a key', () => {
  const use = (more: object) => allow({ Action: ['kms:GenerateDataKey*', 'kms:Decrypt'], ...more });
  const root = allow({ Action: 'kms:*', Principal: { AWS: 'arn:aws:iam::123456789012:root' } });

  it.each([
    ['could not be read', undefined],
    ['allows CloudWatch', policy(root, use({ Principal: cloudWatch }))],
    ['allows CloudWatch under a condition', policy(use({ Principal: cloudWatch, Condition: { Bool: {} } }))],
    [
      'allows it in two statements',
      policy(
        use({ Principal: cloudWatch, Action: 'kms:Generate*' }),
        use({ Principal: '*', Action: 'KMS:decryp?' }),
      ),
    ],
    ['allows everybody under a condition', policy(use({ Principal: { AWS: '*' }, Action: 'kms:*' }))],
    ['allows all but one', policy(allow({ Action: undefined, NotPrincipal: {}, NotAction: 'kms:Put*' }))],
  ])('that %s may let alarms use it', (_, text) => {
    expect(isKeyClosedToAlarms(text)).toBe(false);
  });

  it.each([
    ['is the default of a new key', policy(root)],
    ['allows another service', policy(root, use({ Principal: { Service: 's3.amazonaws.com' } }))],
    ['allows only to decrypt', policy(use({ Principal: cloudWatch, Action: 'kms:Decrypt' }))],
    [
      'denies CloudWatch',
      policy(use({ Principal: '*' }), { ...use({ Principal: cloudWatch }), Effect: 'Deny' }),
    ],
  ])('that %s shuts out alarms', (_, text) => {
    expect(isKeyClosedToAlarms(text)).toBe(true);
    const topic = { keyId: 'alias/own', policy: undefined };
    const key = { isAwsManaged: false, state: 'Enabled', policy: text };
    expect(topicFault('arn', topic, key)).toMatch(/^topic arn is encrypted with a key whose policy does not/);
  });
});
