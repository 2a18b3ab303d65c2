import { describe, expect, it } from 'vitest';
import { InvalidInputError, RetryableError } from '../../../shared/errors.ts';
import { scheduledEvent } from '../../../shared/events/schedule.ts';
import { parseNotifications } from '../../../shared/events/sns.ts';
import {
  type AsyncInvocationOptions,
  asyncInvocationHandler,
} from '../../../shared/handlers/async-invocation.ts';
import { addCount } from '../../../shared/metrics.ts';
import { parseAs } from '../../../shared/parse.ts';
import { fakeContext } from '../../support/handlers/context.ts';
import { readEvent } from '../../support/handlers/events.ts';
import { captureOutput } from '../../support/handlers/output.ts';
import { before } from '../../support/handlers/time.ts';

const output = captureOutput();

function handler(
  handle: AsyncInvocationOptions<string>['handle'],
): (event: unknown, remainingMs?: number) => Promise<unknown> {
  const handler = asyncInvocationHandler({
    parse: (event) => parseNotifications(event)[0]?.Message ?? '',
    handle,
  });
  return (event, remainingMs) => handler(event, fakeContext({ remainingMs: remainingMs ?? 30_000 }));
}

describe('an SNS event', () => {
  it('reaches the wing, whose answer a direct caller gets', async () => {
    const run = handler(async (message) => ({ read: message }));
    expect(await run(readEvent('sns-notification'))).toEqual({
      read: '{"name":"example-linux-image","state":{"status":"AVAILABLE"}}',
    });
    expect(output.text()).toBe('');
  });

  it.each([
    {},
    { Records: 7 },
    { Records: [] },
    { Records: [{ EventSource: 'aws:sns', Sns: { Message: 'x' } }] },
  ])('is dropped, logged and counted when it is %j', async (event) => {
    const run = handler(async () => {
      throw new Error('must not be called');
    });
    expect(await run(event)).toEqual({ error: expect.stringContaining('SNS event: ') });
    expect(output.counted('Malformed')).toBe(1);
    expect(output.logs()).toMatchObject([{ level: 'WARN', reason: expect.stringContaining('Records') }]);
  });

  it.each([
    ['a passing fault', new RetryableError('busy')],
    ['a lasting fault', new TypeError('a bug')],
    ['InvalidInputError that parse did not see', new InvalidInputError('x')],
  ])('throws %s, with its metrics out', async (_case, error) => {
    const run = handler(async (_message, { metrics }) => {
      addCount(metrics, 'Read');
      throw error;
    });
    await expect(run(readEvent('sns-notification'))).rejects.toBe(error);
    expect(output.counted('Read')).toBe(1);
    expect(output.counted('Failed')).toBe(1);
    expect(output.logs()).toMatchObject([{ level: 'ERROR', error: { name: error.name } }]);
  });

  it('throws before Lambda’s limit when the wing never ends', async () => {
    const run = () => handler(() => new Promise(() => {}))(readEvent('sns-notification'), 300);
    await expect(before(300, run)).rejects.toThrow(RetryableError);
    expect(output.counted('TimedOut')).toBe(1);
  });

  it('does not mind the wing failing after its time', async () => {
    let late: Promise<void> | undefined;
    const run = handler((_message, { signal }) => {
      const { promise, reject } = Promise.withResolvers<never>();
      late = new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          setImmediate(() => {
            reject(new Error('too late'));
            setImmediate(resolve);
          });
        });
      });
      return promise;
    });
    await expect(run(readEvent('sns-notification'), 100)).rejects.toThrow(/not handled before its timeout/);
    await late; // an unhandled rejection would end the test run
  });
});

it('reads a schedule’s event from a rule and from Scheduler', () => {
  const event = readEvent('schedule');
  expect(parseAs(scheduledEvent, event, 'schedule').detail).toBe('{}');
  expect(parseAs(scheduledEvent, { ...event, source: 'aws.events', detail: {} }, 'schedule').detail).toEqual(
    {},
  );
  expect(() => parseAs(scheduledEvent, { ...event, time: 'noon' }, 'schedule')).toThrow(
    /time must be a time, got "noon"/,
  );
});
