import { describe, expect, it } from 'vitest';
import { parseDueEvent } from '../../../../functions/ami-approval/messages/events.ts';
import { parseEvents } from '../../../../functions/ami-approval/request-approval/event.ts';
import { readEvent } from '../../../support/handlers/events.ts';
import { imageArn } from '../approvals.ts';

describe('a trigger event', () => {
  it('is parsed from each event of Image Builder', () => {
    expect(parseEvents(readEvent('image-state-change'))).toEqual([{ kind: 'build available', imageArn }]);
    expect(parseEvents(readEvent('image-builder-notification'))).toEqual([
      { kind: 'build available', imageArn },
    ]);
    const stepExecutionId = 'step-0a1b2c3d-0000-4000-8000-000000000001';
    expect(parseEvents(readEvent('workflow-step-waiting'))).toEqual([
      { kind: 'step waiting', imageArn, stepExecutionId, stepName: 'ApproveImage' },
    ]);
    const counts = { all: 20, critical: 2, high: 5, medium: 9 };
    const at = Date.parse('2026-11-20T10:05:00Z');
    expect(parseEvents(readEvent('cve-detected'))).toEqual([{ kind: 'findings', imageArn, counts, at }]);
  });

  it('is a direct call of a person', () => {
    const call = {
      action: 'ask-again',
      imageArn,
      after: 2,
      who: 'dan@example.com\n',
      why: 'fixed\u202e now',
    };
    expect(parseEvents(call)).toEqual([
      {
        kind: 'ask again',
        imageArn,
        after: 2,
        reopening: { who: 'dan@example.com', why: 'fixed now' },
      },
    ]);
  });

  it.each<[string, object]>([
    ['no person', { who: undefined }],
    ['a reason of two characters', { why: 'ok' }],
    ['no round', { after: undefined }],
    ['another action', { action: 'approve' }],
    ['the form of an event', { source: 'groundcrew.ami-approval' }],
  ])('is not a direct call with %s', (_, more) => {
    const call = { action: 'ask-again', imageArn, after: 1, who: 'dan@example.com', why: 'fixed', ...more };
    expect(() => parseEvents(JSON.parse(JSON.stringify(call)))).toThrow(/^event: /);
  });

  it.each([
    ['FAILED', { kind: 'build failed', imageArn, reason: 'out of disk' }],
    ['CANCELLED', { kind: 'irrelevant', reason: `${imageArn} is CANCELLED` }],
    ['SOMETHING NEW', { kind: 'irrelevant', reason: `${imageArn} is SOMETHING NEW` }],
  ])('is parsed for an image that is %s', (status, expected) => {
    const event = readEvent('image-state-change');
    event.detail.state = { status, reason: 'out of disk' };
    expect(parseEvents(event)).toEqual([expected]);
  });

  it.each<[string, (event: ReturnType<typeof readEvent>) => unknown, RegExp]>([
    [
      'no resources',
      (event) => ({ ...event, resources: [] }),
      /resources\.0 must be the ARN of an image build version, got ''/,
    ],
    [
      'a version instead of a build',
      (event) => ({ ...event, resources: [imageArn.replace('/7', '')] }),
      /got 'arn:aws/,
    ],
    [
      'a pipeline',
      (event) => ({ ...event, resources: ['arn:aws:imagebuilder:eu-west-1:123456789012:image-pipeline/x'] }),
      /ARN/,
    ],
    ['no state', (event) => ({ ...event, detail: {} }), /detail\.state must be an object, got nothing/],
    [
      'a state that is a list',
      (event) => ({ ...event, detail: { state: ['AVAILABLE'] } }),
      /detail\.state must be an object, got an array/,
    ],
    ['another detail type', (event) => ({ ...event, 'detail-type': 'x' }), /detail-type/],
    ['nothing at all', () => null, /must be/],
    ['a text', () => 'hello', /must be/],
  ])('is refused with %s', (_, change, reason) => {
    expect(() => parseEvents(change(readEvent('image-state-change')))).toThrow(reason);
  });

  it.each(['no JSON {', '{}', '[]', 'null', '{"arn":"x","state":{"status":"AVAILABLE"}}'])(
    'is refused for the SNS message %s',
    (Message) => {
      const event = readEvent('image-builder-notification');
      event.Records[0].Sns.Message = Message;
      expect(() => parseEvents(event)).toThrow(/SNS message|arn must be the ARN/);
    },
  );

  it('of the wing itself names a build and, if needed, a round', () => {
    const event = {
      ...readEvent('image-state-change'),
      source: 'groundcrew.ami-approval',
      'detail-type': 'AMI Approval Due',
    };
    expect(parseDueEvent({ ...event, detail: { next: 'ask', imageArn, after: 1 } })).toEqual({
      next: 'ask',
      imageArn,
      after: 1,
    });
    expect(parseEvents({ ...event, detail: { next: 'act', imageArn } })).toMatchObject([{ kind: 'due' }]);
    for (const detail of [
      { next: 'drop', imageArn },
      { next: 'ask', imageArn: '*' },
      { next: 'ask', imageArn, after: 0 },
      { next: 'ask', imageArn, stepExecutionId: 'findings' },
    ]) {
      expect(() => parseDueEvent({ ...event, detail })).toThrow(/detail\./);
    }
  });
});
