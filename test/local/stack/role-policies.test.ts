import { expect, test } from 'vitest';
import { createAuthorize } from '../../../local/stack/role-policies.ts';
import { evaluate } from '../../../local/stack/stack.ts';

const STAGE = 'arn:aws:codepipeline:eu-west-1:123456789012:orders/Prod';

function authorizeWith(statement: object): ReturnType<typeof createAuthorize> {
  const Policies = [
    { PolicyName: 'own', PolicyDocument: { Statement: [{ Effect: 'Allow', ...statement }] } },
  ];
  const template = {
    Resources: {
      Retry: { Type: 'AWS::Lambda::Function', Properties: { Role: { 'Fn::GetAtt': ['RetryRole', 'Arn'] } } },
      RetryRole: { Type: 'AWS::IAM::Role', Properties: { Policies } },
    },
  };
  const names = {
    ...{ region: 'eu-west-1', accountId: '123456789012', stackName: 'trial' },
    ...{ endpoint: 'http://127.0.0.1:1', httpUrl: 'http://127.0.0.1:2' },
  };
  return createAuthorize(evaluate(template, {}, names));
}

const retry = { action: 'codepipeline:RetryStageExecution', arn: STAGE, canHaveTags: false };
const ACTIONS = ['codepipeline:GetPipelineState', 'codepipeline:RetryStageExecution'];
const tagged = { 'aws:ResourceTag/groundcrew:resume': 'true' };

test.each<[string, object, boolean]>([
  ['every resource', { Action: retry.action, Resource: '*' }, true],
  ['every pipeline and stage', { Action: ACTIONS, Resource: [STAGE.replace(/orders.*/, '*')] }, true],
  ['stages', { Action: ACTIONS, Resource: STAGE.replace('orders/Prod', '*/*') }, true],
  ['the pipeline', { Action: ACTIONS, Resource: STAGE.replace('/Prod', '') }, false],
  ['another stage', { Action: ACTIONS, Resource: STAGE.replace('Prod', 'Prod?') }, false],
  ['another action', { Action: 'codepipeline:GetPipelineState', Resource: '*' }, false],
  ['tagged stages', { Action: ACTIONS, Resource: '*', Condition: { StringEquals: tagged } }, false],
  [
    'stages with the tag if any',
    { Action: ACTIONS, Resource: '*', Condition: { StringEqualsIfExists: tagged } },
    true,
  ],
  [
    'another condition',
    { Action: ACTIONS, Resource: '*', Condition: { StringEquals: { 'aws:ResourceAccount': '1' } } },
    true,
  ],
])('a statement on %s', (_, statement, expected) => {
  expect(authorizeWith(statement)('Retry', retry)).toBe(expected);
});

test('requires a tag of a pipeline, which can have it', () => {
  const pipeline = {
    action: 'codepipeline:GetPipelineState',
    arn: STAGE.replace('/Prod', ''),
    canHaveTags: true,
  };
  const authorize = authorizeWith({ Action: ACTIONS, Resource: '*', Condition: { StringEquals: tagged } });

  expect(authorize('Retry', pipeline)).toBe(true);
});

test.each<[string, readonly string[], boolean]>([
  ['an allowed event', ['Cordon Due'], true],
  ['events that are all allowed', ['Cordon Due', 'Instance Cordoned'], true],
  ['an event that is not allowed', ['Cordon Due', 'AMI Approval Due'], false],
])('a condition on the values of a call, and %s', (_, detailTypes, expected) => {
  const bus = 'arn:aws:events:eu-west-1:123456789012:event-bus/default';
  const allowed = { 'events:detail-type': ['Cordon Due', 'Instance Cordoned'] };
  const authorize = authorizeWith({
    Action: 'events:PutEvents',
    Resource: bus,
    Condition: { 'ForAllValues:StringEquals': allowed },
  });
  const publish = { action: 'events:PutEvents', arn: bus, canHaveTags: false };

  expect(authorize('Retry', { ...publish, values: { 'events:detail-type': detailTypes } })).toBe(expected);
});

test('a caller without a role in the template may do everything', () => {
  expect(authorizeWith({ Action: 'sqs:SendMessage', Resource: '*' })('local', retry)).toBe(true);
});
