import { describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  describeError,
  GroundcrewError,
  hasName,
  InvalidInputError,
  isRetryable,
  isServiceResponse,
  RetryableError,
  toError,
} from '../../shared/errors.ts';

const sdkError = (name: string, status?: number, more: object = {}): Error =>
  Object.assign(new Error(`${name} happened`), {
    name,
    $metadata: { httpStatusCode: status, requestId: 'req-1' },
    ...more,
  });

const throttle = sdkError('ThrottlingException', 400);

describe('isRetryable', () => {
  it.each<[string, unknown, boolean]>([
    ['a throttle with status 400', throttle, true],
    ['EC2 out of request tokens', sdkError('RequestLimitExceeded', 503), true],
    ['a 500', sdkError('SomethingNobodyModelled', 500), true],
    ['a 429', sdkError('SomethingNobodyModelled', 429), true],
    ['what the model calls retryable', sdkError('X', 400, { $retryable: {} }), true],
    ['an Auto Scaling group being changed', sdkError('ResourceContentionFault', 400), true],
    ['a reset connection', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), true],
    ['a name that does not resolve', Object.assign(new Error('x'), { code: 'ENOTFOUND' }), true],
    ['a request that took too long', Object.assign(new Error('x'), { name: 'TimeoutError' }), true],
    ['a call cut short by the deadline', Object.assign(new Error('x'), { name: 'AbortError' }), true],
    ['a refusal', sdkError('AccessDeniedException', 403), false],
    ['a validation fault', sdkError('ValidationException', 400), false],
    ['a condition that failed', sdkError('ConditionalCheckFailedException', 400), false],
    ['a job that is over', sdkError('InvalidJobStateException', 400), false],
    ['a bug', new TypeError("reading 'x' of undefined"), false],
    ['InvalidInputError over a throttle', new InvalidInputError('x', { cause: throttle }), false],
    ['InvalidInputError that claims to be retryable', new InvalidInputError('x', { retryable: true }), false],
    ['ConfigurationError', new ConfigurationError('x'), false],
    ['Retryable over a refusal', new RetryableError('x', { cause: sdkError('AccessDenied', 403) }), true],
    ['an error of ours over a throttle', new GroundcrewError('x', { cause: throttle }), true],
    [
      'an error of ours over a throttle, decided otherwise',
      new GroundcrewError('x', { cause: throttle, retryable: false }),
      false,
    ],
    ['an error of ours alone', new GroundcrewError('x'), false],
    ['a plain error over a throttle', new Error('x', { cause: throttle }), true],
    [
      'several errors, one of them passing',
      new AggregateError([new Error('x'), throttle], 'two calls failed'),
      true,
    ],
    ['several errors, none of them passing', new AggregateError([new Error('x')], 'one call failed'), false],
    ['a text', 'ThrottlingException', false],
    ['nothing', undefined, false],
    ['null', null, false],
  ])('%s', (_case, error, expected) => {
    expect(isRetryable(error)).toBe(expected);
  });

  it.each<[readonly string[], boolean]>([
    [['None', 'TransactionConflict'], true],
    [['ThrottlingError', 'ProvisionedThroughputExceeded'], true],
    [['TransactionConflict', 'ConditionalCheckFailed'], false],
    [['None', 'None'], false],
  ])('a transaction cancelled for %j', (codes, expected) => {
    const reasons = codes.map((Code) => ({ Code }));
    expect(isRetryable(sdkError('TransactionCanceledException', 400, { CancellationReasons: reasons }))).toBe(
      expected,
    );
  });

  it('ends on causes that go in a circle', () => {
    const error = new Error('x');
    error.cause = error;
    expect(isRetryable(error)).toBe(false);
    expect(JSON.stringify(describeError(error)).length).toBeLessThan(500);
  });
});

it.each<[string, unknown, boolean]>([
  ['a refusal', sdkError('AccessDenied', 403), true],
  ['a throttle', throttle, true],
  ['a 500', sdkError('InternalError', 500), true],
  ['a gateway without a back end', sdkError('X', 502), false],
  ['a gateway whose back end was too slow', sdkError('X', 504), false],
  ['an answer that broke off', sdkError('X', 200), false],
  ['a lost connection', Object.assign(new Error('x'), { code: 'ECONNRESET' }), false],
  ['nothing at all', undefined, false],
])('wasAnswered: %s', (_case, error, expected) => {
  expect(isServiceResponse(error)).toBe(expected);
});

it('hasName matches any of the names, and nothing that is no error', () => {
  expect(hasName(throttle, 'Throttling', 'ThrottlingException')).toBe(true);
  expect(hasName(throttle, 'Throttling')).toBe(false);
  expect(hasName('ThrottlingException', 'ThrottlingException')).toBe(false);
});

describe('describeError', () => {
  it('says what acting on one line needs, three causes deep', () => {
    const deep = [1, 2, 3, 4, 5].reduce<Error>((cause, n) => new Error(`cause ${n}`, { cause }), throttle);
    const error = new GroundcrewError('could not cordon', { cause: deep, details: { group: 'web' } });
    expect(describeError(error)).toMatchObject({
      name: 'GroundcrewError',
      message: 'could not cordon',
      details: { group: 'web' },
      cause: { message: 'cause 5', cause: { message: 'cause 4', cause: { message: 'cause 3' } } },
    });
    expect(JSON.stringify(describeError(error))).not.toContain('cause 2');
    expect(describeError(sdkError('AccessDenied', 403))).toMatchObject({ status: 403, requestId: 'req-1' });
  });

  it('takes along no member that it does not know', () => {
    const error = Object.assign(new Error('x'), { $response: { body: 'payload' }, event: { secret: 1 } });
    expect(Object.keys(describeError(error))).toEqual(['name', 'message']);
  });

  it('keeps a message of megabytes short', () => {
    expect(JSON.stringify(describeError(new Error('x'.repeat(6_000_000)))).length).toBeLessThan(2000);
  });

  it.each([
    ['text', 'a text'],
    ['undefined', undefined],
    ['number', 7],
    ['null', null],
    ['an object without a prototype', Object.create(null)],
    ['an object that is no error', { name: Object.create(null), message: 7, code: {} }],
  ])('%s thrown', (_case, thrown) => {
    expect(describeError(thrown)).toMatchObject({ name: 'NotAnError' });
    expect(toError(thrown)).toBeInstanceOf(Error);
  });
});
