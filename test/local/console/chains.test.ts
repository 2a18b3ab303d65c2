import { describe, expect, it } from 'vitest';
import {
  describeDetail,
  type FunctionRun,
  type Happenings,
  isUneventful,
  isWrite,
  joinChains,
} from '../../../local/console/chains.ts';

const nothing: Happenings = { events: [], runs: [], calls: [], mails: [], chats: [] };

function event(id: string, at: number, more: object = {}) {
  const event = { id, 'detail-type': 'Warning', detail: {} };
  return { event, at, arrivedAt: at, rules: ['WarningRule'], ...more };
}

interface RunInput {
  readonly function?: string;
  readonly process?: number;
  readonly from: number;
  readonly to: number;
  readonly ids?: readonly string[];
  readonly kind?: FunctionRun['trigger']['kind'];
  readonly payload?: string;
}

function run(input: RunInput): FunctionRun {
  const { ids = [], kind = 'event', payload = 'null', from, to, process = 0 } = input;
  return {
    function: input.function ?? 'Cordon',
    process,
    at: from,
    begunAt: from,
    endedAt: to,
    cold: false,
    trigger: { kind, eventIds: ids, name: '', deliveries: 1 },
    invoked: { ok: true, payload, requestId: `${input.function}-${from}` },
  };
}

function call(action: string, arrivedAt: number, caller = 'Cordon', process = 0) {
  const service = action === 'Invoke' ? 'lambda' : 'ec2';
  return { function: caller, process, service, action, status: 200, iam: [], isFirst: false, arrivedAt };
}

const by = (id: string, process = 0) => ({ function: id, process });

describe('a chain', () => {
  it('goes from an event through the run to its calls, mails and events', () => {
    const mail = { to: 'a@example.com', topic: 't', subject: 'Cordoned', text: '' };
    const [chain, ...others] = joinChains({
      ...nothing,
      events: [event('e1', 1)],
      runs: [run({ from: 10, to: 20, ids: ['e1'] })],
      calls: [call('DescribeInstances', 11), call('CreateTags', 12)],
      mails: [{ ...mail, at: 13, arrivedAt: 13, publishedBy: by('Cordon') }],
    });

    expect(others).toEqual([]);
    expect(chain).toMatchObject({ rules: ['WarningRule'], event: { id: 'e1' } });
    expect(chain?.links[0]?.calls.map(({ action }) => action)).toEqual(['DescribeInstances', 'CreateTags']);
    expect(chain?.links[0]?.mails.map(({ subject }) => subject)).toEqual(['Cordoned']);
  });

  it('leaves out what another process did meanwhile, and what the same process did before and after', () => {
    const [chain] = joinChains({
      ...nothing,
      events: [event('e1', 1)],
      runs: [run({ from: 10, to: 20, ids: ['e1'], process: 1 })],
      calls: [
        call('A', 9, 'Cordon', 1),
        call('B', 15, 'Cordon', 2),
        call('C', 15, 'Other', 1),
        call('D', 21, 'Cordon', 1),
      ],
    });

    expect(chain?.links[0]?.calls).toEqual([]);
  });

  it('stands for all events of a batch, and for copies of one event', () => {
    const [chain, ...others] = joinChains({
      ...nothing,
      events: [event('e1', 1), event('e2', 2), event('e2', 3)],
      runs: [run({ from: 10, to: 20, ids: ['e1', 'e2'] }), run({ from: 30, to: 40, ids: ['e2'] })],
    });

    expect(others).toEqual([]);
    expect(chain).toMatchObject({ at: 1, events: 3 });
    expect(chain?.links).toHaveLength(2);
  });

  it('contains the function that another one invoked and waited for', () => {
    const job = run({ function: 'Promote', from: 10, to: 40, kind: 'job' });
    const store = run({ function: 'Store', from: 15, to: 30, kind: 'call' });
    const [chain, ...others] = joinChains({
      ...nothing,
      runs: [job, store],
      calls: [call('Invoke', 12, 'Promote')],
    });

    expect(others).toEqual([]);
    expect(chain?.links.map((link) => link.run.function)).toEqual(['Promote', 'Store']);
  });

  it('of its own is what a person called while nothing invoked it', () => {
    const runs = [
      run({ function: 'Promote', from: 10, to: 40, kind: 'job' }),
      run({ function: 'Store', from: 15, to: 30, kind: 'call' }),
    ];

    expect(joinChains({ ...nothing, runs })).toHaveLength(2);
  });

  it('says how many messages of a batch come again', () => {
    const payload = '{"batchItemFailures":[{"itemIdentifier":"m1"}]}';
    const [chain] = joinChains({ ...nothing, runs: [run({ from: 1, to: 2, payload })] });

    expect(chain?.links[0]?.failedItems).toBe(1);
  });

  it('names the events that the run published, which have chains of their own', () => {
    const published = { publishedBy: by('Cordon') };
    const [newest, oldest] = joinChains({
      ...nothing,
      events: [event('e1', 1), event('e2', 15, published)],
      runs: [run({ from: 10, to: 20, ids: ['e1'] })],
    });

    expect(oldest?.links[0]?.published).toEqual(['Warning']);
    expect(newest).toMatchObject({ event: { id: 'e2' }, isFromInside: true });
  });
});

describe('a quiet chain', () => {
  it.each([
    ['a scheduled run that only reads', 'schedule', 'DescribeInstances', true],
    ['a scheduled run that changes something', 'schedule', 'CreateTags', false],
    ['a warning that only leads to reads', 'event', 'DescribeInstances', false],
  ] as const)('%s: %s, %s: %s', (_, kind, action, expected) => {
    const [chain] = joinChains({
      ...nothing,
      runs: [run({ from: 1, to: 9, kind })],
      calls: [call(action, 5)],
    });

    expect(chain && isUneventful(chain)).toBe(expected);
  });

  it.each([
    ['of a function', { publishedBy: by('Cordon') }, true],
    ['that a person sent', {}, false],
  ])('an event without a run %s: %s', (_, more, expected) => {
    const [chain] = joinChains({ ...nothing, events: [event('e1', 1, more)] });

    expect(chain && isUneventful(chain)).toBe(expected);
  });
});

it.each([
  ['DescribeInstances', false],
  ['BatchGetItem', false],
  ['CreateTags', true],
  ['TransactWriteItems', true],
  ['Publish', true],
  ['Invoke', false],
])('takes %s for a change: %s', (action, expected) => {
  expect(isWrite({ action })).toBe(expected);
});

it('tells an event by its short texts, without ids and times', () => {
  const detail = {
    'instance-id': 'i-0123456789abcdef0',
    eventArn: 'arn:aws:health:eu-west-1::event/1',
    startTime: 'Sun, 29 Nov 2026 19:00:00 GMT',
    id: '67cfc770-641a-4c58-9dc3-a4f927f5e0b5',
    state: { status: 'AVAILABLE' },
  };

  expect(describeDetail({ detail })).toEqual(['i-0123456789abcdef0', 'AVAILABLE']);
});
