import { describe, expect, it } from 'vitest';
import { type EventWing, eventDoor } from '../../../shared/doors/event.ts';
import { BadInput, Retryable } from '../../../shared/errors.ts';
import { scheduledEvent } from '../../../shared/events/schedule.ts';
import { readNotifications } from '../../../shared/events/sns.ts';
import { count } from '../../../shared/metrics.ts';
import { parseAs } from '../../../shared/parse.ts';
import { fakeContext } from '../../support/context.ts';
import { readEvent } from '../../support/events.ts';
import { captureOutput } from '../../support/output.ts';
import { holdTime, within } from '../../support/time.ts';

const output = captureOutput();

function door(
  handle: EventWing<string>['handle'],
): (event: unknown, remainingMs?: number) => Promise<unknown> {
  const handler = eventDoor({ parse: (event) => readNotifications(event)[0]?.Message ?? '', handle });
  return (event, remainingMs) => handler(event, fakeContext({ remainingMs: remainingMs ?? 30_000 }));
}

holdTime();

describe('an SNS event', () => {
  it('reaches the wing, whose answer a direct caller gets', async () => {
    const run = door(async (message) => ({ read: message }));
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
    const run = door(async () => {
      throw new Error('must not be called');
    });
    expect(await run(event)).toEqual({ error: expect.stringContaining('SNS event: ') });
    expect(output.counted('Malformed')).toBe(1);
    expect(output.logs()).toMatchObject([{ level: 'WARN', reason: expect.stringContaining('Records') }]);
  });

  it.each([
    ['a passing fault', new Retryable('busy')],
    ['a lasting fault', new TypeError('a bug')],
    ['BadInput that parse did not see', new BadInput('x')],
  ])('throws %s, with its metrics out', async (_case, error) => {
    const run = door(async (_message, { metrics }) => {
      count(metrics, 'Read');
      throw error;
    });
    await expect(run(readEvent('sns-notification'))).rejects.toBe(error);
    expect(output.counted('Read')).toBe(1);
    expect(output.counted('Failed')).toBe(1);
    expect(output.logs()).toMatchObject([{ level: 'ERROR', error: { name: error.name } }]);
  });

  it('throws before Lambda’s limit when the wing never ends', async () => {
    const run = door(() => new Promise(() => {}))(readEvent('sns-notification'), 300);
    await expect(within(299, run)).rejects.toThrow(Retryable);
    expect(output.counted('TimedOut')).toBe(1);
  });

  it('does not mind the wing failing after its time', async () => {
    let late: Promise<void> | undefined;
    const run = door((_message, { signal }) => {
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
    await expect(within(99, run(readEvent('sns-notification'), 100))).rejects.toThrow(/time ran out/);
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
