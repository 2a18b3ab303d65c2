import { describe, expect, it } from 'vitest';
import { parseMarker } from '../../../../functions/health-gate/domain/stop-marker.ts';
import { formatDueMessage, parseEvent } from '../../../../functions/health-gate/resume-deployments/event.ts';
import { readEvent } from '../../../support/handlers/events.ts';

const at = Date.parse('2026-11-21T12:00:02Z');

// biome-ignore lint/suspicious/noExplicitAny: tests change what real events hold
function changed(name: string, change: (event: any) => void): unknown {
  const event = readEvent(name);
  change(event);
  return event;
}

describe('a failed action', () => {
  it('is told with its place and what a gate left in it', () => {
    const read = parseEvent(readEvent('codepipeline-action-failed-gate'));
    expect(read).toMatchObject({
      kind: 'failed action',
      account: '123456789012',
      region: 'eu-west-1',
      time: at,
      pipelineArn: 'arn:aws:codepipeline:eu-west-1:123456789012:orders',
      pipeline: 'orders',
      stage: 'Prod',
      action: 'Gate',
      executionId: '12345678-1234-5678-abcd-12345678abcd',
      actionExecutionId: '47f821c5-a902-44b2-ae61-b878d31ecd21',
    });
    const marker = {
      id: '12345678-1234-5678-abcd-12345678abcd',
      jobId: '11111111-abcd-1111-abcd-111111abcdef',
    };
    expect(read.kind === 'failed action' && parseMarker(read.externalId)).toEqual(marker);
    expect(read.kind === 'failed action' && parseMarker(read.summary)).toEqual(marker);
  });

  it('is told without any of it', () => {
    const read = parseEvent(readEvent('codepipeline-action-failed-bare'));
    expect(read).toMatchObject({ kind: 'failed action', pipeline: 'orders', action: 'Gate' });
    expect(read).toMatchObject({ externalId: undefined, summary: undefined });
  });

  it.each([
    ['state', 'SUCCEEDED', /detail\.state must be "FAILED", got "SUCCEEDED"/],
    ['pipeline', 'a/b', /detail\.pipeline must match .*, got "a\/b"/],
    ['stage', '', /detail\.stage must match/],
    ['action-execution-id', undefined, /detail\.action-execution-id must be a string, got nothing/],
  ])('with an odd %s is refused', (member, value, message) => {
    const event = changed('codepipeline-action-failed-gate', ({ detail }) => {
      detail[member] = value;
    });
    expect(() => parseEvent(event)).toThrow(message);
  });

  it('that names no pipeline is refused', () => {
    const event = changed('codepipeline-action-failed-gate', (one) => {
      one.resources = [];
    });
    expect(() => parseEvent(event)).toThrow('resources must contain the pipeline');
  });
});

describe('a closed issue', () => {
  it.each([
    ['as AWS writes it', {}, 'eu-west-1'],
    ['in a backup copy', { backupEvent: true, page: 2 }, 'eu-west-1'],
    ['without an update time', { lastUpdatedTime: undefined }, 'eu-west-1'],
    ['of the global services', { eventRegion: 'global' }, 'global'],
    ['without a Region', { eventRegion: undefined }, undefined],
    ['with an empty Region', { eventRegion: ' ' }, undefined],
  ])('%s', (_, detail, region) => {
    const event = changed('health-issue-closed', (one) => Object.assign(one.detail, detail));
    expect(parseEvent(event)).toEqual({ kind: 'closed issue', region });
  });

  it('is another thing than an open one, or than scheduled maintenance', () => {
    const open = changed('health-issue-closed', ({ detail }) => {
      detail.statusCode = 'open';
    });
    expect(() => parseEvent(open)).toThrow('detail.statusCode must be "closed", got "open"');
    expect(() => parseEvent(readEvent('health-scheduled-change'))).toThrow('eventTypeCategory');
  });
});

it('the schedule sweeps', () => {
  expect(parseEvent(readEvent('schedule'))).toEqual({ kind: 'sweep' });
});

it('a reminder comes back as what it was sent for', () => {
  const message = formatDueMessage('orders/Prod/1', 'eu-west-1', at);
  expect(parseEvent(JSON.parse(JSON.stringify(message)))).toEqual({
    kind: 'due',
    deployment: 'orders/Prod/1',
  });
});

it.each([
  [{}, 'event: id'],
  ['text', 'event: it must be an object'],
  [{ ...formatDueMessage('orders', 'eu-west-1', at) }, 'detail.deployment must match'],
])('%j is refused', (body, message) => {
  expect(() => parseEvent(body)).toThrow(message);
});

it('an event of another wing is refused', () => {
  expect(() => parseEvent(readEvent('spot-interruption-warning'))).toThrow(
    'detail-type: expected an event of this function, got "EC2 Spot Instance Interruption Warning"',
  );
});
