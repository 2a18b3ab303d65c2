import { expect, it } from 'vitest';
import {
  approverTopicArn,
  hashSettings,
  topicSettingsFor,
} from '../../../../functions/ami-approval/domain/approver-topic.ts';
import { isDenied } from '../../../../local/account/resource-policy.ts';
import { ANN, BEN } from '../approvals.ts';

const rules = {
  prefix: 'arn:aws:sns:eu-west-1:123456789012:stack-approver-',
  publishers: ['arn:aws:iam::123456789012:role/Request', 'arn:aws:iam::123456789012:role/Execute'],
  key: 'alias/aws/sns',
};
const { Policy, KmsMasterKeyId } = topicSettingsFor(ANN, rules);

it('a topic is named by a hash of the address, in any case', () => {
  const arn = approverTopicArn(rules, ANN);

  expect(arn).toMatch(/^arn:aws:sns:eu-west-1:123456789012:stack-approver-[0-9a-f]{32}$/);
  expect(approverTopicArn(rules, 'Ann@Example.com')).toBe(arn);
  expect(approverTopicArn(rules, BEN)).not.toBe(arn);
});

it('the settings have the key and one topic, and change with whom they allow', () => {
  expect(KmsMasterKeyId).toBe('alias/aws/sns');
  const { Statement } = JSON.parse(Policy);
  expect(new Set(Statement.map(({ Resource }: { Resource: string }) => Resource))).toEqual(
    new Set([approverTopicArn(rules, ANN)]),
  );
  const hashes = [rules, { ...rules, key: 'arn:key' }, { ...rules, publishers: [] }].map((one) =>
    hashSettings(topicSettingsFor(ANN, one)),
  );
  expect(new Set(hashes).size).toBe(3);
});

it.each([
  ['an asking function', 'sns:Publish', { 'aws:PrincipalArn': rules.publishers[1] }, false],
  ['another role', 'sns:Publish', { 'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/Eve' }, true],
  ['a service of AWS', 'sns:Publish', {}, true],
  ['the approver', 'sns:Subscribe', { 'sns:Protocol': 'email', 'sns:Endpoint': ANN }, false],
  ['another mailbox', 'sns:Subscribe', { 'sns:Protocol': 'email', 'sns:Endpoint': BEN }, true],
  ['a queue', 'sns:Subscribe', { 'sns:Protocol': 'sqs', 'sns:Endpoint': ANN }, true],
] as const)('the policy of a topic decides about %s that wants %s', (_name, action, keys, denied) => {
  expect(isDenied(Policy, action, keys)).toBe(denied);
});
