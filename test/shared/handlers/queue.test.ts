import { afterEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod/mini';
import { InvalidInputError, RetryableError } from '../../../shared/errors.ts';
import { eventBridgeEvent } from '../../../shared/events/eventbridge.ts';
import { type BatchResult, type QueueHandlerOptions, queueHandler } from '../../../shared/handlers/queue.ts';
import { addCount } from '../../../shared/metrics.ts';
import { parseAs } from '../../../shared/parse.ts';
import { fakeContext } from '../../support/handlers/context.ts';
import { readEvent } from '../../support/handlers/events.ts';
import { captureOutput } from '../../support/handlers/output.ts';
import { before } from '../../support/handlers/time.ts';

const warning = eventBridgeEvent(z.object({ 'instance-id': z.string() }));
type Message = string;

const parse = (body: unknown): Message => parseAs(warning, body, 'warning').detail['instance-id'];
const first = '059f36b4-87a3-44ab-83d2-661975830a7d';
const second = '2e1424d4-f796-459a-8184-9c92662be6da';
const done: BatchResult = { retry: [] };

const output = captureOutput();

function handler(
  handle: QueueHandlerOptions<Message>['handle'],
  read = parse,
): (event: unknown, remainingMs?: number) => Promise<unknown> {
  const handler = queueHandler({ parse: read, handle });
  return (event, remainingMs) => handler(event, fakeContext({ remainingMs: remainingMs ?? 30_000 }));
}

function record(messageId: unknown, body: unknown): object {
  return { messageId, body: typeof body === 'string' ? body : JSON.stringify(body), eventSource: 'aws:sqs' };
}

function bare(): Record<string, unknown> {
  return JSON.parse(sqsRecords()[0]?.body ?? '');
}

function sqsRecords(): { body: string }[] {
  return readEvent('sqs-batch').Records ?? [];
}

function failed(...ids: string[]): object {
  return { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) };
}

describe('a batch', () => {
  it('reaches the wing once, whole, with ids and receive counts', async () => {
    const seen: unknown[] = [];
    const run = handler(async (deliveries, { metrics, logger, remainingMs, now, signal }) => {
      seen.push(...deliveries);
      addCount(metrics, 'Cordoned', deliveries.length);
      addCount(metrics, 'Nothing', 0);
      logger.info('cordoned', { instances: deliveries.length });
      expect(remainingMs()).toBeLessThan(29_500);
      expect(now()).toBeLessThanOrEqual(Date.now());
      expect(signal.aborted).toBe(false);
      return done;
    });
    expect(await run(readEvent('sqs-batch'))).toEqual(failed());
    expect(seen).toEqual([
      { id: first, message: 'i-0b662ef9931388ba0', receiveCount: 1 },
      { id: second, message: 'i-0f00ba4c0ffee0001', receiveCount: 3 },
    ]);
    expect(output.counted('Cordoned')).toBe(2);
    expect(output.text()).not.toContain('Nothing');
    expect(output.logs()).toMatchObject([
      { level: 'INFO', message: 'cordoned', function_name: 'TestedFunction' },
    ]);
    expect(output.text()).not.toContain('No application metrics');
  });

  it('gives back what the wing wants retried, each id once, and none that it made up', async () => {
    const error = new RetryableError('throttled');
    const run = handler(async () => ({
      retry: [
        { id: second, error },
        { id: second, error },
        { id: 'of another batch', error },
      ],
    }));
    expect(await run(readEvent('sqs-batch'))).toEqual(failed(second));
    expect(output.logs().filter(({ message }) => message === 'messages will be retried')).toMatchObject([
      {
        level: 'WARN',
        messageIds: [second, second],
        error: { name: 'RetryableError', message: 'throttled' },
      },
    ]);
  });

  it('lists an id once that SQS delivered twice in the batch', async () => {
    const run = handler(async (deliveries) => ({
      retry: deliveries.map(({ id }) => ({ id, error: new Error('x') })),
    }));
    expect(await run({ Records: [record(first, bare()), record(first, bare())] })).toEqual(failed(first));
  });

  it.each<[string, object]>([
    ['invalid JSON', record('bad', '{"half')],
    ['an empty body', record('bad', '')],
    ['a member that is missing', record('bad', { ...bare(), detail: {} })],
    ['a body that is no object', record('bad', '"text"')],
    ['no body', { messageId: 'bad', eventSource: 'aws:sqs' }],
    ['a body that is no text', { messageId: 'bad', body: { a: 1 }, eventSource: 'aws:sqs' }],
    ['a polluting body', record('bad', '{"__proto__":{"id":"x","detail":{"instance-id":"i-1"}}}')],
  ])('acknowledges, logs and counts one message with %s, and handles the others', async (_case, bad) => {
    const handled: string[] = [];
    const run = handler(async (deliveries) => {
      handled.push(...deliveries.map(({ id }) => id));
      return done;
    });
    expect(await run({ Records: [bad, ...sqsRecords()] })).toEqual(failed());
    expect(handled).toEqual([first, second]);
    expect(output.counted('Malformed')).toBe(1);
    expect(output.logs()).toMatchObject([
      { level: 'WARN', messageId: 'bad', reason: expect.stringContaining(', got ') },
    ]);
    expect('detail' in {}).toBe(false);
  });

  it('survives records that are no records at all', async () => {
    const run = handler(async () => done);
    const odd = [null, 'text', 7, {}, { messageId: '' }, { messageId: 7 }];
    expect(await run({ Records: [...odd, ...sqsRecords()] })).toEqual(failed());
    expect(output.counted('Malformed')).toBe(odd.length);
  });

  it('does not call the wing for a batch of invalid messages, and does not log the payload', async () => {
    const run = handler(async () => {
      throw new Error('must not be called');
    });
    expect(await run({ Records: [record('bad', `{"secretAccessKey":"${'k'.repeat(6_000_000)}`)] })).toEqual(
      failed(),
    );
    expect(output.text().length).toBeLessThan(2000);
  });

  it('handles a message of six megabytes', async () => {
    const big = { ...bare(), resources: ['r'.repeat(6_000_000)] };
    expect(await handler(async () => done)({ Records: [record(first, big)] })).toEqual(failed());
    expect(output.text()).toBe('');
  });

  it('brings all well-formed messages back when the wing throws', async () => {
    const run = handler(async (_deliveries, { metrics }) => {
      addCount(metrics, 'Described', 1);
      throw new TypeError('a bug');
    });
    expect(await run({ Records: [record('bad', '{'), ...sqsRecords()] })).toEqual(failed(first, second));
    expect(output.counted('Described')).toBe(1);
    expect(output.counted('Failed')).toBe(2);
    expect(output.logs().at(-1)).toMatchObject({
      level: 'ERROR',
      error: { name: 'TypeError', message: 'a bug' },
    });
  });

  it('keeps a message that a bug in parse could not read', async () => {
    const run = handler(
      async () => done,
      (body) => {
        if (JSON.stringify(body).includes('i-0b66')) throw new TypeError('a bug');
        return 'read';
      },
    );
    expect(await run(readEvent('sqs-batch'))).toEqual(failed(first));
    expect(output.counted('Malformed')).toBe(0);
    expect(output.counted('Failed')).toBe(1);
  });

  it.each([
    undefined,
    null,
    'ok',
    {},
    { retry: 'all' },
    { retry: [null] },
    { retry: [{ error: 1 }] },
    { retry: [{ id: 7 }] },
  ])('acknowledges nothing when the wing answers %j', async (garbage) => {
    const run = handler(() => Promise.resolve(garbage as BatchResult));
    expect(await run(readEvent('sqs-batch'))).toEqual(failed(first, second));
  });

  it('brings all back when the time runs out, tells the wing, and still publishes', async () => {
    let signalled: AbortSignal | undefined;
    const run = handler(async (_deliveries, { metrics, signal }) => {
      signalled = signal;
      addCount(metrics, 'Described');
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
      return done;
    });
    const batch = { Records: [record('bad', '{'), ...sqsRecords()] };
    expect(await before(400, () => run(batch, 400))).toEqual(failed(first, second));
    expect(signalled?.aborted).toBe(true);
    expect(output.counted('Described')).toBe(1);
    expect(output.counted('TimedOut')).toBe(1);
    expect(output.counted('Failed')).toBe(0);
  });

  it('answers an empty batch', async () => {
    const run = handler(async () => {
      throw new Error('must not be called');
    });
    expect(await run({ Records: [{ eventSource: 'aws:sqs' }] })).toEqual(failed());
  });

  it('writes one line for a thousand failures of the same reason', async () => {
    const run = handler(async (deliveries) => ({
      retry: deliveries.map(({ id }) => ({ id, error: new RetryableError('busy') })),
    }));
    const Records = Array.from({ length: 1000 }, (_, n) => record(`m-${n}`, bare()));
    expect(await run({ Records })).toEqual(failed(...Records.map((_, n) => `m-${n}`)));
    expect(output.logs()).toHaveLength(1);
    expect(output.counted('Retried')).toBe(1000);
  });
});

describe('a bare event', () => {
  it('is one delivery, and its answer is the wing’s', async () => {
    const run = handler(async ([delivery]) => ({ retry: [], response: delivery }));
    expect(await run(bare())).toEqual({
      id: '1e5527d7-bb36-4607-3370-4164db56a40e',
      message: 'i-0b662ef9931388ba0',
      receiveCount: 1,
    });
  });

  it('takes the request’s id when it has none', async () => {
    const run = handler(
      async ([delivery]) => ({ retry: [], response: delivery?.id }),
      () => 'read',
    );
    expect(await run({ sweep: true })).toBe('8f5f4c1e-2b6b-4b5f-9f0e-0f0e0c0d0b0a');
  });

  it('throws what the wing wants retried', async () => {
    const error = new RetryableError('throttled');
    const run = handler(async ([delivery]) => ({ retry: [{ id: delivery?.id ?? '', error }] }));
    await expect(run(bare())).rejects.toBe(error);
    const odd = handler(async ([delivery]) => ({ retry: [{ id: delivery?.id ?? '', error: 'text' }] }));
    await expect(odd(bare())).rejects.toThrow('string thrown: "text"');
  });

  it.each([null, undefined, 'text', 7, [], {}, { Records: 'x' }, { Records: [{ eventSource: 'aws:sns' }] }])(
    'is answered with its fault when it is %j',
    async (event) => {
      const run = handler(async () => {
        throw new Error('must not be called');
      });
      expect(await run(event)).toEqual({ error: expect.stringContaining('warning: ') });
      expect(output.counted('Malformed')).toBe(1);
    },
  );

  it('throws what the wing throws, and what its time running out comes to', async () => {
    const error = new InvalidInputError('found out late');
    const run = handler(() => Promise.reject(error));
    await expect(run(bare())).rejects.toBe(error);
    await expect(handler(() => new Promise(() => {}))(bare(), 100)).rejects.toThrow(
      /not handled before its timeout/,
    );
  });
});

describe('every handler', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.resetModules();
  });

  it('never logs the event, whatever the environment says', async () => {
    vi.stubEnv('POWERTOOLS_LOGGER_LOG_EVENT', 'true');
    vi.stubEnv('POWERTOOLS_METRICS_NAMESPACE', 'Groundcrew');
    vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'CordonInstances');
    vi.resetModules();
    const afresh = await import('../../../shared/handlers/queue.ts');
    const handler = afresh.queueHandler({
      parse,
      handle: async (_deliveries, { metrics, logger }) => {
        addCount(metrics, 'Cordoned', 2);
        logger.info('cordoned');
        return done;
      },
    });
    await handler(readEvent('sqs-batch'), fakeContext());
    expect(output.text()).not.toContain('receiptHandle');
    expect(output.logs()).toMatchObject([{ message: 'cordoned', service: 'CordonInstances' }]);
    expect(output.text()).toContain('"Namespace":"Groundcrew","Dimensions":[["service"]]');
  });

  it('lets no fault of the metrics undo what was done', async () => {
    const run = handler(async (_deliveries, { metrics }) => {
      addCount(metrics, 'service');
      return done;
    });
    expect(await run(readEvent('sqs-batch'))).toEqual(failed());
    expect(output.logs()).toMatchObject([{ level: 'ERROR', message: 'metrics not published' }]);
  });

  it('forgets the log keys of the invocation before', async () => {
    const run = handler(async ([delivery], { logger }) => {
      if (delivery?.receiveCount === 1) logger.appendKeys({ instanceId: delivery.message });
      logger.info('seen');
      return done;
    });
    await run(readEvent('sqs-batch'));
    await run({ Records: sqsRecords().slice(1) });
    expect(output.logs().map((line) => line.instanceId)).toEqual(['i-0b662ef9931388ba0', undefined]);
  });
});
