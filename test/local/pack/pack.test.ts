import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  EC2Client,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Pack, startPack } from '../../../local/pack/pack.ts';
import { eventsPath, senderHeader } from '../../../local/wiring/local-server.ts';
import { expectBetween, stopwatch } from '../../support/handlers/time.ts';
import { bundleTrial, trialTemplate } from '../fixtures/bundle.ts';

let trial: Awaited<ReturnType<typeof bundleTrial>>;
let pack: Pack;
let mailbox: string;

beforeAll(async () => {
  trial = await bundleTrial('Worker', 'Listener', 'Web');
  mailbox = join(trial.dist, 'mailbox');
  pack = await startPack({ dist: trial.dist, templatePath: trialTemplate, mailbox });
});

afterAll(async () => {
  await pack?.close();
  await trial?.remove();
});

beforeEach(async () => {
  await pack.reset();
});

const runsOf = (id: string) => pack.functions.pool(id).finished;

const work = (detail: object): object => ({
  source: 'trial.work',
  'detail-type': 'Trial',
  detail: { size: 1, ...detail },
});

describe('the stack', () => {
  it('gives functions the names of what it created', async () => {
    const environment = await pack.invoke('Worker', { do: 'environment' });
    expect(environment).toMatchObject({ COLOUR: 'red', TABLE: pack.ref('Things'), QUEUE: pack.ref('Work') });
  });

  it('has its tables in the account', async () => {
    const dynamodb = pack.client(DynamoDBClient);
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: pack.ref('Things') }));
    expect(Table?.KeySchema).toEqual([{ AttributeName: 'id', KeyType: 'HASH' }]);
    const ttl = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName: pack.ref('Things') }));
    expect(ttl.TimeToLiveDescription).toMatchObject({ AttributeName: 'ttl', TimeToLiveStatus: 'ENABLED' });
  });

  it('refuses a parameter that the template does not allow', async () => {
    const starting = startPack({
      dist: trial.dist,
      templatePath: trialTemplate,
      parameters: { Colour: 'green' },
    });
    await expect(starting).rejects.toThrow("Colour is 'green', which is none of red, blue");
  });

  it('names the template that is missing', async () => {
    await expect(startPack({ templatePath: '/nowhere/template.yaml' })).rejects.toThrow(
      'no template at /nowhere',
    );
  });
});

describe('an alarm', () => {
  const told: unknown[] = [];
  const rings = () => [...told];
  const put = (more: object) =>
    pack.client(CloudWatchClient).send(
      new PutMetricAlarmCommand({
        AlarmName: 'disk',
        Namespace: 'CWAgent',
        MetricName: 'disk_used_percent',
        Dimensions: [{ Name: 'InstanceId', Value: id }],
        Statistic: 'Average',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 80,
        ComparisonOperator: 'GreaterThanThreshold',
        ...more,
      }),
    );
  let id: string;
  let stop: () => void;

  afterEach(() => stop());
  beforeEach(async () => {
    told.length = 0;
    stop = pack.account.onCall('sns', 'Publish', ({ input }) => void told.push(input.Subject));
    const run = new RunInstancesCommand({ ImageId: 'ami-12c6146b', MinCount: 1, MaxCount: 1 });
    id = (await pack.client(EC2Client).send(run)).Instances?.[0]?.InstanceId ?? '';
  });

  it('with OK actions tells OK when it is new and when its instance starts, and not when it is changed', async () => {
    await put({ OKActions: [pack.ref('Notices')] });
    await pack.settle();
    expect(rings()).toEqual(['OK: "disk" in eu-west-1']);
    await put({ OKActions: [pack.ref('Notices')], Threshold: 90 });
    await pack.settle();
    expect(rings()).toHaveLength(1);
    await pack.client(EC2Client).send(new StopInstancesCommand({ InstanceIds: [id] }));
    await pack.client(EC2Client).send(new StartInstancesCommand({ InstanceIds: [id] }));
    await pack.settle();
    expect(rings()).toHaveLength(2);
  });

  it('with alarm actions alone tells nothing until it goes off', async () => {
    await put({ AlarmActions: [pack.ref('Notices')] });
    await pack.settle();
    expect(rings()).toEqual([]);
    const state = { AlarmName: 'disk', StateValue: 'ALARM', StateReason: 'full' } as const;
    await pack.client(CloudWatchClient).send(new SetAlarmStateCommand(state));
    await pack.settle();
    expect(rings()).toEqual(['ALARM: "disk" in eu-west-1']);
  });
});

describe('a queue', () => {
  it('gathers what a rule matched into batches', async () => {
    await pack.put(...Array.from({ length: 25 }, (_, number) => work({ number })), work({ size: 3 }));
    await pack.settle();
    expect(runsOf('Worker')).toHaveLength(1);
    await expect.poll(() => pack.logs('Worker').join('\n')).toContain('"took":25');
    expect(await pack.deadLetters()).toEqual([]);
  });

  it('delivers what failed again, and gives it up to the dead letters in the end', async () => {
    const before = pack.clock.now();
    await pack.put(work({ number: 1 }), work({ number: 2, fail: true }));
    await pack.settle();
    expect(runsOf('Worker')).toHaveLength(2);
    expect(pack.clock.now() - before).toBeGreaterThan(60_000);
    const [letter, ...others] = await pack.deadLetters();
    expect(JSON.parse(letter ?? '')).toMatchObject({ detail: { number: 2, fail: true } });
    expect(others).toEqual([]);
    expect(await pack.deadLetters()).toHaveLength(1);
  });

  it('keeps a delayed message back until its time', async () => {
    const [before, elapsed] = [pack.clock.now(), stopwatch()];
    const sqs = pack.client(SQSClient);
    await sqs.send(
      new SendMessageCommand({ QueueUrl: pack.ref('Work'), MessageBody: '{}', DelaySeconds: 600 }),
    );
    await pack.settle();
    expect(runsOf('Worker')).toHaveLength(1);
    expect(Math.round((pack.clock.now() - before) / 1000)).toBeGreaterThanOrEqual(600);
    // And then up to 20 s of its batch window.
    expect(pack.clock.now() - before - elapsed()).toBeLessThan(630_000);
  });

  it('waits for a message that somebody else has received', async () => {
    const sqs = pack.client(SQSClient);
    const QueueUrl = pack.ref('Work');
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
    await sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 45 }));
    await pack.settle();
    expect(runsOf('Worker')).toHaveLength(1);
  });

  it('sees a message that is given back before its time', async () => {
    const sqs = pack.client(SQSClient);
    const QueueUrl = pack.ref('Work');
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
    const { Messages: [message] = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 3600 }),
    );
    const ReceiptHandle = message?.ReceiptHandle;
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    const [before, elapsed] = [pack.clock.now(), stopwatch()];
    await pack.settle();
    expect(runsOf('Worker')).toHaveLength(1);
    expect(pack.clock.now() - before - elapsed()).toBeLessThan(60_000);
  });

  it('is not asked when nothing was sent to it', async () => {
    await pack.settle();
    expect(pack.account.calls.map(({ action }) => action)).toEqual([]);
  });
});

describe('an asynchronous invocation', () => {
  it('by a rule is retried, then recorded among the dead letters', async () => {
    const before = pack.clock.now();
    await pack.put({ source: 'trial.listener', 'detail-type': 'Trial', detail: { fail: true } });
    await pack.settle();
    expect(runsOf('Listener')).toHaveLength(3);
    expect(pack.clock.now() - before).toBeGreaterThanOrEqual(180_000);
    const [record] = (await pack.deadLetters()).map((body) => JSON.parse(body));
    expect(record).toMatchObject({
      requestContext: { condition: 'RetriesExhausted' },
      requestPayload: { source: 'trial.listener' },
      responsePayload: { errorMessage: 'the detail asked for it' },
    });
  });

  it.each([
    ['ListenerHourly', { source: 'aws.scheduler', detail: '{}' }],
    ['ListenerDaily', { source: 'aws.events', detail: {} }],
  ])('by the schedule %s has the payload of its kind', async (schedule, expected) => {
    await pack.fire(schedule);
    await pack.settle();
    const [run] = runsOf('Listener');
    expect(run?.invoked.ok && JSON.parse(run.invoked.payload).event).toMatchObject({
      ...expected,
      'detail-type': 'Scheduled Event',
      resources: [pack.stack.attribute(schedule, 'Arn')],
    });
  });

  it('by an unknown schedule is refused', async () => {
    await expect(pack.fire('Nightly')).rejects.toThrow(
      /no schedule Nightly: the template has ListenerHourly/,
    );
  });
});

describe('a topic', () => {
  const publish = (message: string, kind: string, subject?: string) =>
    pack.client(SNSClient).send(
      new PublishCommand({
        TopicArn: pack.ref('Notices'),
        Message: message,
        ...(subject !== undefined && { Subject: subject }),
        MessageAttributes: { kind: { DataType: 'String', StringValue: kind } },
      }),
    );

  it('mails what passes the filter', async () => {
    await publish('The text.', 'loud', 'Something happened');
    await publish('Nobody hears it.', 'quiet', 'Hush');
    const mail = {
      to: 'on-call@example.com',
      topic: pack.ref('Notices'),
      subject: 'Something happened',
      text: 'The text.',
    };
    expect(pack.mails()).toMatchObject([mail]);
    expect(pack.mails()).toHaveLength(1);
    const [file] = await readdir(mailbox);
    expect(file).toMatch(/^\d{4}-\d\d-\d\dT[\d-]+Z-001-something-happened\.txt$/);
    expect(await readFile(join(mailbox, file ?? ''), 'utf8')).toContain(
      'Subject: Something happened\n\nThe text.',
    );
  });

  it('fills queues with what passes theirs', async () => {
    await publish('{"detail":{}}', 'work');
    await publish('{"detail":{}}', 'quiet');
    await pack.settle();
    expect(runsOf('Worker')).toHaveLength(1);
    await expect.poll(() => pack.logs('Worker').join('\n')).toContain('"took":1');
  });

  it('invokes functions with what passes theirs', async () => {
    await publish('{"relay":true}', 'quiet');
    await publish('{"relay":false}', 'quiet');
    await pack.settle();
    expect(runsOf('Listener')).toHaveLength(1);
    const [run] = runsOf('Listener');
    expect(run?.invoked.ok && JSON.parse(run.invoked.payload).event.Records[0]).toMatchObject({
      EventSource: 'aws:sns',
      Sns: {
        Message: '{"relay":true}',
        TopicArn: pack.ref('Notices'),
        MessageAttributes: { kind: { Type: 'String', Value: 'quiet' } },
      },
    });
  });
});

describe('the bus', () => {
  it('keeps what was put on it, and routes it too', async () => {
    const entry = { Source: 'trial.listener', DetailType: 'Trial', Detail: '{"number":1}' };
    await pack.client(EventBridgeClient).send(new PutEventsCommand({ Entries: [entry] }));
    await pack.settle();
    expect(pack.published()).toMatchObject([
      { source: 'trial.listener', detail: { number: 1 }, account: '123456789012' },
    ]);
    expect(runsOf('Listener')).toHaveLength(1);
  });

  it.each([
    [{ 'detail-type': 'Trial', detail: {} }, 'event.source: expected text'],
    [{ source: 'x', 'detail-type': 'Trial' }, 'event.detail: expected an object'],
  ])('refuses %j', async (event, message) => {
    await expect(pack.put(event)).rejects.toThrow(message);
  });
});

describe('the HTTP API', () => {
  it('hands a request over in format 2.0 and answers what the function does', async () => {
    const response = await pack.http('/hello/a%20b?x=1&x=2&y=3', {
      headers: { cookie: 'c=1; d=2', 'x-own': 'z' },
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-trial')).toBe('yes');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2; HttpOnly']);
    expect(await response.json()).toMatchObject({
      version: '2.0',
      routeKey: 'GET /hello/{name}',
      rawPath: '/hello/a%20b',
      rawQueryString: 'x=1&x=2&y=3',
      queryStringParameters: { x: '1,2', y: '3' },
      pathParameters: { name: 'a b' },
      cookies: ['c=1', 'd=2'],
      headers: { 'x-own': 'z' },
      requestContext: { http: { method: 'GET', path: '/hello/a%20b' } },
      isBase64Encoded: false,
    });
  });

  it.each([
    ['application/json', '{"a":1}', '{"a":1}', false],
    ['application/octet-stream', 'bytes', 'Ynl0ZXM=', true],
  ])('carries a body of %s', async (type, sent, body, isBase64Encoded) => {
    const response = await pack.http('/echo', {
      method: 'PUT',
      body: sent,
      headers: { 'content-type': type },
    });
    expect(await response.json()).toMatchObject({ routeKey: 'ANY /echo', body, isBase64Encoded });
  });

  it('knows no other routes', async () => {
    expect((await pack.http('/hello/x', { method: 'POST' })).status).toBe(404);
  });
});

describe('the page', () => {
  it('shows mails, runs and events, and escapes them', async () => {
    const message = {
      TopicArn: pack.ref('Notices'),
      Subject: 'A <b> subject',
      Message: 'see https://x.example/a?b=<c>',
    };
    const attributes = { kind: { DataType: 'String', StringValue: 'loud' } };
    await pack.client(SNSClient).send(new PublishCommand({ ...message, MessageAttributes: attributes }));
    await pack.put(work({}));
    await pack.settle();
    const page = await (await pack.http('/')).text();
    for (const part of [
      'A &lt;b&gt; subject',
      '<a href="https://x.example/a?b="',
      'WorkRule',
      'Worker',
      'GET /hello/{name}',
    ])
      expect(page).toContain(part);
  });

  it('does not record what it reads of the account', async () => {
    const before = pack.account.calls.length;
    await (await pack.http('/')).text();
    expect(pack.account.calls.length).toBe(before);
  });

  it('runs a button only for a form of its own', async () => {
    const body = new URLSearchParams({ action: 'console.fire', value: 'ListenerDaily' });
    const send = (headers: Record<string, string>) =>
      pack.http('/_groundcrew/do', { method: 'POST', body, headers, redirect: 'manual' });
    expect((await send({})).status).toBe(403);
    expect((await send({ origin: 'https://evil.example' })).status).toBe(403);
    await pack.settle();
    expect(runsOf('Listener')).toHaveLength(0);

    const { status, headers } = await send({ origin: pack.url });
    expect({ status, to: headers.get('location') }).toEqual({ status: 303, to: '/' });
    await pack.settle();
    expect(runsOf('Listener')).toHaveLength(1);
  });

  it.each([
    ['console.wait', '-1', 'value: expected milliseconds up to 31 days, got -1'],
    ['console.fire', 'Nightly', 'There is no schedule Nightly'],
    ['wing.nothing', '', 'There is no button wing.nothing.'],
  ])('says why it cannot do %s with %j', async (action, value, message) => {
    const body = new URLSearchParams({ action, value });
    await pack.http('/_groundcrew/do', { method: 'POST', body, headers: { origin: pack.url } });
    expect(await (await pack.http('/')).text()).toContain(message);
  });

  it('turns the clock, and runs the schedules that fall due', async () => {
    const before = pack.clock.now();
    const body = new URLSearchParams({ action: 'console.wait', value: String(2 * 3_600_000) });
    await pack.http('/_groundcrew/do', { method: 'POST', body, headers: { origin: pack.url } });
    expect(pack.clock.now() - before).toBeGreaterThanOrEqual(2 * 3_600_000);
    expect(runsOf('Listener').length).toBeGreaterThan(0);
  });

  it('tells who follows it which sections changed', async () => {
    const { body } = await pack.http('/_groundcrew/stream');
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    const read = async (pattern: RegExp): Promise<void> => {
      for (let text = ''; !pattern.test(text); ) text += (await reader?.read())?.value ?? 'closed';
    };
    await read(/changed\ndata: bar .*machinery/);
    await pack.put(work({}));
    await read(/changed\ndata: .*happened/);
    await reader?.cancel();
  });

  it('takes events only from who is no web page', async () => {
    const body = JSON.stringify(work({}));
    const json = { 'content-type': 'application/json' };
    expect((await pack.http(eventsPath, { method: 'POST', body })).status).toBe(403);
    expect((await pack.http(eventsPath, { method: 'POST', body, headers: json })).status).toBe(403);
    const sent = await pack.http(eventsPath, {
      method: 'POST',
      body,
      headers: { ...json, [senderHeader]: '1' },
    });
    expect(await sent.json()).toEqual({ matched: [['WorkRule']] });
  });
});

describe('live', () => {
  it('delivers without being asked to', async () => {
    const stop = pack.live();
    try {
      await pack.put(work({ number: 7 }));
      await expect.poll(() => runsOf('Worker').length).toBe(1);
    } finally {
      await stop();
    }
  });
});

describe('a fault', () => {
  it('that kills a process brings its batch back to another one', async () => {
    pack.account.injectFault({ function: 'Worker', call: 1, kind: 'killed' });
    await pack.put(work({ tell: true }));
    await pack.settle();
    expect(runsOf('Worker').map(({ invoked }) => (invoked.ok ? 'done' : invoked.error.errorType))).toEqual([
      'Runtime.ExitError',
      'done',
    ]);
    expect(pack.mails()).toHaveLength(2);
    expect(pack.calls()).toMatchObject([{ function: 'Worker', action: 'Publish' }, { action: 'Publish' }]);
  });

  it('that overtakes a call runs the same payload to its end in another process first', async () => {
    pack.account.injectFault({ function: 'Worker', call: 1, kind: 'duplicated' });
    await pack.put(work({ tell: true }));
    await pack.settle();
    expect(runsOf('Worker').map(({ invoked }) => invoked.ok)).toEqual([true, true]);
    expect(pack.mails()).toHaveLength(2);
    expect(pack.functions.pool('Worker').processes()).toBeGreaterThan(1);
  });
});

describe('a synchronous invocation', () => {
  it('throws what the function threw, and redelivery repeats it', async () => {
    await expect(pack.invoke('Worker', { do: 'throw' })).rejects.toMatchObject({
      name: 'TypeError',
      message: 'no such thing',
    });
    await expect(pack.redeliver()).rejects.toThrow('no such thing');
    expect(runsOf('Worker')).toHaveLength(2);
  });
});

describe('a reset', () => {
  it('forgets whatever was under way', async () => {
    await pack.put(work({ fail: true }));
    await pack.reset();
    await pack.settle();
    expect(runsOf('Worker')).toHaveLength(0);
    expect(pack.calls()).toEqual([]);
    const [before, now, after] = [Date.now(), pack.clock.now(), Date.now()];
    expectBetween(before, now, after);
  });

  it('leaves what the template declares, and nothing else', async () => {
    const sqs = pack.client(SQSClient);
    const { QueueUrls: before = [] } = await sqs.send(new ListQueuesCommand({}));
    await sqs.send(new CreateQueueCommand({ QueueName: 'mine' }));
    await sqs.send(new SendMessageCommand({ QueueUrl: pack.ref('Work'), MessageBody: '{}' }));
    await pack.reset();
    const { QueueUrls: after } = await sqs.send(new ListQueuesCommand({}));
    expect(after).toEqual(before);
    expect(before).toHaveLength(2);
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: pack.ref('Work') }));
    expect(Messages).toBeUndefined();
  });
});
