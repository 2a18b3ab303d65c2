import { describe, expect, test } from 'vitest';
import { decodeForm, decodeRequest } from '../../../local/account/request.ts';

describe('a request', () => {
  const signed = (service: string): { authorization: string } => ({
    authorization: `AWS4-HMAC-SHA256 Credential=GROUNDCREW_A_1/20260101/eu-west-1/${service}/aws4_request, Signature=x`,
  });
  const decode = (service: string, method: string, url: string, headers: object, body = '') =>
    decodeRequest({ method, url, headers: { ...signed(service), ...headers }, body: Buffer.from(body) });
  const form = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' };

  test('in JSON gets its action from the target', () => {
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

  test('in a form gets its action from Action', () => {
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

  test('of a REST service gets its action from method and path', () => {
    expect(decode('backup', 'PUT', '/restore-jobs', {}, '{"IamRoleArn":"r"}')).toMatchObject({
      action: 'StartRestoreJob',
      protocol: 'rest',
      input: { IamRoleArn: 'r' },
    });
  });

  test('without a signature is not decoded', () => {
    expect(decodeRequest({ method: 'GET', url: '/', headers: {}, body: Buffer.alloc(0) })).toBeUndefined();
  });
});

test('a form keeps the order of its lists', () => {
  const keys = Array.from({ length: 12 }, (_, index) => `A.member.${12 - index}=${12 - index}`).join('&');
  expect(decodeForm(new URLSearchParams(keys))).toEqual({
    A: Array.from({ length: 12 }, (_, index) => `${index + 1}`),
  });
});
