import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClock } from '../../../local/clock.ts';
import { createPool, type Pool } from '../../../local/runtime/pool.ts';
import type { Invoked } from '../../../local/runtime/sandbox.ts';
import { expectBetween, stopwatch } from '../../support/handlers/time.ts';
import { bundleTrial } from '../fixtures/bundle.ts';

const clock = createClock();
const pools: Pool[] = [];
let trial: Awaited<ReturnType<typeof bundleTrial>>;
let pool: Pool;

beforeAll(async () => {
  trial = await bundleTrial('Trial');
  pool = poolOf({});
});

afterAll(async () => {
  await Promise.all(pools.map((one) => one.close()));
  await trial.remove();
});

function lambdaOf(properties: object) {
  return {
    id: 'Trial',
    type: 'AWS::Lambda::Function',
    name: 'groundcrew-Trial',
    metadata: {},
    properties: {
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      MemorySize: 256,
      Timeout: 900, // no answer is late, however slow the machine
      Environment: { Variables: { COLOUR: 'red' } },
      LoggingConfig: { LogFormat: 'JSON', LogGroup: 'trial-logs' },
      ...properties,
    },
  };
}

function poolOf(properties: object, more: object = {}): Pool {
  const created = createPool({
    lambda: lambdaOf(properties),
    functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:groundcrew-Trial',
    region: 'eu-west-1',
    endpoint: 'http://127.0.0.1:9',
    taskRoot: `${trial.dist}/Trial`,
    clock,
    accessKey: (process) => `TRIAL${process}`,
    ...more,
  });
  pools.push(created);
  return created;
}

async function ask(of: Pool, event: object): Promise<Invoked> {
  return of.invoke(JSON.stringify(event));
}

async function answerOf(of: Pool, event: object) {
  const invoked = await ask(of, event);
  if (!invoked.ok) throw new Error(invoked.error.errorMessage);
  return JSON.parse(invoked.payload);
}

describe('a function', () => {
  it('is started at its first invocation and reused while warm', async () => {
    const first = await answerOf(pool, { any: 1 });
    const second = await answerOf(pool, { any: 2 });
    expect(first).toMatchObject({ invocations: 1, event: { any: 1 } });
    expect(second).toEqual({ ...first, invocations: 2, event: { any: 2 } });
    expect(first.arn).toBe('arn:aws:lambda:eu-west-1:123456789012:function:groundcrew-Trial');
    expect(pool.finished.slice(0, 2).map(({ cold }) => cold)).toEqual([true, false]);
  });

  it('runs one invocation at a time, in as many processes as run at once', async () => {
    const busy = poolOf({});
    const answers = await Promise.all([1, 2, 3].map((any) => answerOf(busy, { any })));
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(3);
    expect(busy.processes()).toBe(3);
  });

  it('waits for a process when as many run as may', async () => {
    const narrow = poolOf({}, { maxProcesses: 1 });
    const answers = await Promise.all([1, 2, 3].map((any) => answerOf(narrow, { any })));
    expect(answers.map(({ invocations }) => invocations)).toEqual([1, 2, 3]);
  });

  it('has the environment that the template and Lambda give it, and nothing of ours', async () => {
    process.env.GROUNDCREW_SECRET = 'of this process';
    const environment = await answerOf(poolOf({}), { do: 'environment' });
    delete process.env.GROUNDCREW_SECRET;
    expect(Object.keys(environment).sort()).toEqual([
      'AWS_ACCESS_KEY_ID',
      'AWS_DEFAULT_REGION',
      'AWS_ENDPOINT_URL',
      'AWS_EXECUTION_ENV',
      'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
      'AWS_LAMBDA_FUNCTION_NAME',
      'AWS_LAMBDA_FUNCTION_VERSION',
      'AWS_LAMBDA_INITIALIZATION_TYPE',
      'AWS_LAMBDA_LOG_FORMAT',
      'AWS_LAMBDA_LOG_GROUP_NAME',
      'AWS_LAMBDA_LOG_LEVEL',
      'AWS_LAMBDA_LOG_STREAM_NAME',
      'AWS_LAMBDA_RUNTIME_API',
      'AWS_REGION',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'COLOUR',
      'LAMBDA_TASK_ROOT',
      'LANG',
      'TZ',
      '_HANDLER',
      '_X_AMZN_TRACE_ID',
    ]);
    expect(environment).toMatchObject({
      COLOUR: 'red',
      AWS_ACCESS_KEY_ID: 'TRIAL0',
      AWS_LAMBDA_FUNCTION_NAME: 'groundcrew-Trial',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_LOG_GROUP_NAME: 'trial-logs',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    });
  });

  it('may answer nothing', async () => {
    expect(await ask(pool, { do: 'nothing' })).toMatchObject({
      ok: true,
      payload: expect.stringMatching(/^(null)?$/),
    });
  });

  it('that throws fails with the error as Lambda words it, and stays warm', async () => {
    const before = pool.processes();
    const invoked = await ask(pool, { do: 'throw' });
    expect(invoked).toMatchObject({
      ok: false,
      error: {
        errorType: 'TypeError',
        errorMessage: 'no such thing',
        trace: expect.arrayContaining([expect.stringContaining('index.mjs')]),
      },
    });
    expect(pool.processes()).toBe(before);
  });

  it('that takes too long is killed, and the next invocation has a new process', async () => {
    const lambda = lambdaOf({ Timeout: 1 });
    const slow = poolOf({}, { lambda });
    const invoked = await ask(slow, { do: 'hang' });
    expect(invoked).toMatchObject({
      ok: false,
      error: {
        errorType: 'Sandbox.Timedout',
        errorMessage: `RequestId: ${invoked.requestId} Error: Task timed out after 1.00 seconds`,
      },
    });
    lambda.properties.Timeout = 900; // the next process may take its time
    expect(await answerOf(slow, {})).toMatchObject({ invocations: 1 });
  });

  it('that is killed fails its invocation', async () => {
    const victim = poolOf({});
    await answerOf(victim, {});
    const hanging = ask(victim, { do: 'hang' });
    await expect.poll(() => victim.running(0)).toBe('{"do":"hang"}');
    await victim.kill(0);
    const invoked = await hanging;
    expect(invoked).toMatchObject({
      ok: false,
      error: {
        errorType: 'Runtime.ExitError',
        errorMessage: `RequestId: ${invoked.requestId} Error: Runtime exited with error: signal: killed`,
      },
    });
    expect(victim.processes()).toBe(0);
    expect(await answerOf(victim, {})).toMatchObject({ invocations: 1 });
  });

  it('that is replaced gets a new process', async () => {
    const replaced = poolOf({});
    const { pid } = await answerOf(replaced, {});

    await replaced.replace();

    expect(replaced.processes()).toBe(0);
    expect(await answerOf(replaced, {})).toMatchObject({
      invocations: 1,
      pid: expect.toSatisfy((other: unknown) => other !== pid),
    });
  });

  it('that is replaced while it runs ends its invocation first', async () => {
    const replaced = poolOf({}, { maxProcesses: 1 });
    const file = join(trial.dist, 'go-on');
    const running = answerOf(replaced, { do: 'until', file });
    await expect.poll(() => replaced.running(0)).toContain('until');

    await replaced.replace();
    const waiting = answerOf(replaced, {});
    await writeFile(file, '');

    const { pid } = await running;
    expect(await waiting).toMatchObject({
      invocations: 1,
      pid: expect.toSatisfy((other: unknown) => other !== pid),
    });
    await expect.poll(() => replaced.processes()).toBe(1);
  });

  it('that exits by itself fails its invocation', async () => {
    const invoked = await ask(poolOf({}), { do: 'exit' });
    expect(invoked).toMatchObject({ error: { errorMessage: expect.stringMatching(/exit status 3$/) } });
  });

  it('without such a handler fails as on Lambda', async () => {
    const invoked = await ask(poolOf({ Handler: 'index.nobody' }), {});
    expect(invoked).toMatchObject({
      ok: false,
      error: {
        errorType: 'Runtime.HandlerNotFound',
        errorMessage: 'index.nobody is undefined or not exported',
      },
    });
  });

  it('without a bundle says what to run', async () => {
    const missing = poolOf({}, { taskRoot: '/nowhere/Trial' });
    await expect(ask(missing, {})).rejects.toThrow(
      'Trial has no bundle at /nowhere/Trial: run npm run build',
    );
  });

  it('leaves its lines in the log', async () => {
    await ask(pool, { do: 'log' });
    await expect.poll(() => pool.logs.lines.join('\n')).toContain('"message":"a line of the function"');
  });

  it('is stopped in its tracks by a reset, and forgets', async () => {
    const own = poolOf({});
    const hanging = ask(own, { do: 'hang' });
    await expect.poll(() => own.running(0)).toBeDefined();
    await own.reset();
    expect(await hanging).toMatchObject({ ok: false });
    expect(own.processes()).toBe(0);
  });
});

describe('the clock', () => {
  it('is what a function sees, from its loading on', async () => {
    clock.skip(3_600_000);
    const fresh = poolOf({});
    const before = clock.now();
    const times = await answerOf(fresh, { do: 'now' });
    for (const time of [times.now, Date.parse(times.made), times.loadedAt, Date.parse(times.text) + 1000]) {
      expect(time).toBeGreaterThanOrEqual(before);
      expect(time).toBeLessThanOrEqual(clock.now() + 1000);
    }
    expect(times).toMatchObject({ given: 5, isDate: true });
  });

  it('may be turned between two invocations of a warm process, and back', async () => {
    const warm = poolOf({});
    await answerOf(warm, {});
    clock.skip(86_400_000);
    expect((await answerOf(warm, { do: 'now' })).now - Date.now()).toBeGreaterThan(80_000_000);
    clock.reset();
    const before = Date.now();
    const { now } = await answerOf(warm, { do: 'now' });
    expectBetween(before, now, Date.now());
  });

  it('is turned by a function that waits, which takes no time', async () => {
    const [before, elapsed] = [clock.now(), stopwatch()];
    const { value, passed, spent } = await answerOf(pool, { do: 'wait' });
    expect(value).toBe('waited');
    // The test's own time limit is half a minute: the hour was turned, and nothing but the machine's time came on top.
    for (const ms of [passed, spent, clock.now() - before])
      expectBetween(3_600_000, ms, 3_600_000 + elapsed());
    expect(await answerOf(pool, { do: 'give up' })).toBe('Error: aborted');
    clock.reset();
  });

  it('counts for the time that remains', async () => {
    clock.skip(86_400_000);
    const remaining = await answerOf(pool, { do: 'remaining' });
    expect(remaining).toBeGreaterThan(600_000);
    expect(remaining).toBeLessThanOrEqual(900_000);
    clock.reset();
  });
});
