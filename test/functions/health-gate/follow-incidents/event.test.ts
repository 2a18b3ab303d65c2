import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../../functions/health-gate/follow-incidents/event.ts';
import { readEvent } from '../../../support/handlers/events.ts';

function actionEvent(detail: object, about: object = {}) {
  return {
    id: '1',
    source: 'aws.codepipeline',
    'detail-type': 'CodePipeline Action Execution State Change',
    account: '123456789012',
    region: 'eu-west-1',
    time: '2026-11-21T12:00:00Z',
    resources: ['arn:aws:codepipeline:eu-west-1:123456789012:orders'],
    detail: {
      pipeline: 'orders',
      'execution-id': 'execution-1',
      stage: 'Prod',
      action: 'Gate',
      'action-execution-id': 'run-1',
      state: 'SUCCEEDED',
      ...detail,
    },
    ...about,
  };
}

describe('an event of FollowIncidents', () => {
  it('may be a succeeded action, with or without a result', () => {
    const result = { 'execution-result': { 'external-execution-id': 'groundcrew-health-gate/a/b' } };

    expect(parseEvent(actionEvent(result))).toMatchObject({
      kind: 'passed action',
      pipeline: 'orders',
      executionId: 'execution-1',
      externalId: 'groundcrew-health-gate/a/b',
    });
    expect(parseEvent(actionEvent({}))).toMatchObject({ kind: 'passed action', externalId: undefined });
  });

  it('is no failed action', () => {
    expect(() => parseEvent(actionEvent({ state: 'FAILED' }))).toThrow(
      'event: detail.state must be "SUCCEEDED", got "FAILED"',
    );
  });

  it('names its pipeline', () => {
    expect(() => parseEvent(actionEvent({}, { resources: [] }))).toThrow(
      'event: resources must contain the pipeline, got none',
    );
  });

  it('may be an issue of AWS Health, whatever its status', () => {
    expect(parseEvent(readEvent('health-issue-closed'))).toEqual({ kind: 'incident' });
  });

  it('is none of another wing', () => {
    expect(() => parseEvent(readEvent('spot-interruption-warning'))).toThrow(
      'expected an event of this function',
    );
  });
});
