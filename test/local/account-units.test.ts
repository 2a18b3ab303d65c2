import { describe, expect, test } from 'vitest';
import { accessKeyFor, callerOf } from '../../local/account/caller.ts';
import { iamActions } from '../../local/account/iam-actions.ts';
import { decodeForm, decodeRequest } from '../../local/account/request.ts';
import { matchRoute } from '../../local/account/rest-routes.ts';
import { decodeXml, encodeXml } from '../../local/account/xml.ts';

describe('a caller', () => {
  test.each([
    ['CordonInstances', 0],
    ['A1', 12],
  ])('%s, process %i, is read from its access key', (id, process) => {
    expect(callerOf(accessKeyFor(id, process))).toEqual({ function: id, process });
  });

  test.each(['AKIAIOSFODNN7EXAMPLE', '', 'GROUNDCREW_A_', 'GROUNDCREW__1'])('"%s" is local', (key) => {
    expect(callerOf(key)).toEqual({ function: 'local', process: 0 });
  });

  test('with a key that names nobody is whoever holds it', () => {
    const holder = { function: 'A', process: 3 };
    const holderOf = (key: string) => (key === 'ASIAEXAMPLE' ? holder : undefined);
    expect(callerOf('ASIAEXAMPLE', holderOf)).toEqual(holder);
    expect(callerOf(accessKeyFor('B', 1), () => holder)).toEqual({ function: 'B', process: 1 });
    expect(callerOf('AKIAEXAMPLE', holderOf)).toEqual({ function: 'local', process: 0 });
  });

  test('has a logical id', () => {
    expect(() => accessKeyFor('a/b')).toThrow('"a/b" is no logical id');
  });
});

test.each([
  ['dynamodb', 'PutItem', {}, ['dynamodb:PutItem']],
  ['dynamodb', 'BatchGetItem', {}, ['dynamodb:BatchGetItem']],
  ['dynamodb', 'TransactGetItems', {}, ['dynamodb:GetItem']],
  [
    'dynamodb',
    'TransactWriteItems',
    { TransactItems: [{ Put: {} }, { ConditionCheck: {} }, { Put: {} }, { Delete: {} }, { Update: {} }] },
    ['dynamodb:PutItem', 'dynamodb:ConditionCheckItem', 'dynamodb:DeleteItem', 'dynamodb:UpdateItem'],
  ],
  ['sns', 'PublishBatch', {}, ['sns:Publish']],
  ['sqs', 'SendMessageBatch', {}, ['sqs:SendMessage']],
  ['sqs', 'DeleteMessageBatch', {}, ['sqs:DeleteMessage']],
  ['sqs', 'ChangeMessageVisibilityBatch', {}, ['sqs:ChangeMessageVisibility']],
  ['cloudwatch', 'PutMetricAlarm', {}, ['cloudwatch:PutMetricAlarm']],
  ['cloudwatch', 'PutMetricAlarm', { Tags: [] }, ['cloudwatch:PutMetricAlarm']],
  ['cloudwatch', 'PutMetricAlarm', { Tags: [{}] }, ['cloudwatch:PutMetricAlarm', 'cloudwatch:TagResource']],
  ['ec2', 'RunInstances', { TagSpecification: [{}] }, ['ec2:RunInstances', 'ec2:CreateTags']],
  ['backup', 'StartRestoreJob', { IamRoleArn: 'arn' }, ['backup:StartRestoreJob', 'iam:PassRole']],
  ['lambda', 'Invoke', {}, ['lambda:InvokeFunction']],
  ['autoscaling', 'DetachInstances', {}, ['autoscaling:DetachInstances']],
])('%s:%s with %j needs %j', (service, action, input, expected) => {
  expect(iamActions({ service, action, input })).toEqual(expected);
});

describe('a request', () => {
  const signed = (service: string): { authorization: string } => ({
    authorization: `AWS4-HMAC-SHA256 Credential=GROUNDCREW_A_1/20260101/eu-west-1/${service}/aws4_request, Signature=x`,
  });
  const decode = (service: string, method: string, url: string, headers: object, body = '') =>
    decodeRequest({ method, url, headers: { ...signed(service), ...headers }, body: Buffer.from(body) });
  const form = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' };

  test('in JSON is named by its target', () => {
    const request = decode(
      'monitoring',
      'POST',
      '/',
      { 'x-amz-target': 'GraniteServiceVersion20100801.ListMetrics' },
      '{"a":1}',
    );
    expect(request).toMatchObject({
      service: 'cloudwatch',
      action: 'ListMetrics',
      protocol: 'json',
      input: { a: 1 },
    });
    expect(request?.caller).toEqual({ function: 'A', process: 1 });
  });

  test('in a form is named by its Action', () => {
    const body = 'Action=CreateTags&Version=1&ResourceId.1=i-1&Tag.1.Key=k&Tag.1.Value=';
    expect(decode('ec2', 'POST', '/', form, body)).toMatchObject({
      action: 'CreateTags',
      protocol: 'ec2',
      input: { ResourceId: ['i-1'], Tag: [{ Key: 'k', Value: '' }] },
    });
    expect(decode('sns', 'POST', '/', form, 'Action=Publish')).toMatchObject({
      protocol: 'query',
      action: 'Publish',
    });
  });

  test('of a REST service is named by method and path', () => {
    expect(decode('backup', 'PUT', '/restore-jobs', {}, '{"IamRoleArn":"r"}')).toMatchObject({
      action: 'StartRestoreJob',
      protocol: 'rest',
      input: { IamRoleArn: 'r' },
    });
  });

  test('that nobody signed is none', () => {
    expect(decodeRequest({ method: 'GET', url: '/', headers: {}, body: Buffer.alloc(0) })).toBeUndefined();
  });
});

test('a form keeps the order of its lists', () => {
  const keys = Array.from({ length: 12 }, (_, index) => `A.member.${12 - index}=${12 - index}`).join('&');
  expect(decodeForm(new URLSearchParams(keys))).toEqual({
    A: Array.from({ length: 12 }, (_, index) => `${index + 1}`),
  });
});

test.each([
  ['backup', 'GET', '/restore-jobs/', 'ListRestoreJobs', {}],
  ['backup', 'GET', '/restore-jobs/a-1?x=y', 'DescribeRestoreJob', { RestoreJobId: 'a-1', x: 'y' }],
  [
    'backup',
    'GET',
    '/resources/arn%3Aaws%3Aec2%3A%3A1%3Avolume%2Fvol-1/recovery-points/',
    'ListRecoveryPointsByResource',
    { ResourceArn: 'arn:aws:ec2::1:volume/vol-1' },
  ],
  ['imagebuilder', 'PUT', '/SendWorkflowStepAction', 'SendWorkflowStepAction', {}],
  ['imagebuilder', 'GET', '/GetImage?imageBuildVersionArn=a', 'GetImage', { imageBuildVersionArn: 'a' }],
  ['backup', 'DELETE', '/unknown', 'DELETE /unknown', {}],
])('%s %s %s is %s', (service, method, url, action, members) => {
  expect(matchRoute(service, method, url)).toEqual({ action, members });
});

describe('XML', () => {
  test('is written with lists, times and escapes', () => {
    const value = { A: [{ B: '<&>' }, { B: undefined }], C: new Date(0), D: 1, E: null };
    expect(encodeXml(value)).toBe(
      '<A><member><B>&#60;&#38;&#62;</B></member><member></member></A><C>1970-01-01T00:00:00.000Z</C><D>1</D>',
    );
    expect(encodeXml({ A: ['x'] }, 'item')).toBe('<A><item>x</item></A>');
  });

  test('is read with lists, repeats and entities', () => {
    const xml =
      '<?xml version="1.0"?><R xmlns="u"><A><member><B>1</B></member><member><B>a&amp;&#252;&#xfc;</B></member></A>' +
      '<C/><D>x</D><D>y</D>\n</R>';
    expect(decodeXml(xml)).toEqual({ R: { A: [{ B: '1' }, { B: 'a&üü' }], C: '', D: ['x', 'y'] } });
  });
});
