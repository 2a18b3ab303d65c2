import { describe, expect, it } from 'vitest';
import {
  toAnswer,
  toDryRunAnswer,
  toOverriddenAnswer,
  toRefusal,
} from '../../../../functions/health-gate/check-health/health-answer.ts';
import type { Verdict } from '../../../../functions/health-gate/domain/verdict.ts';
import { issue, NOW, policy } from '../examples.ts';
import { block, MINUTE, pass, refused, unknown } from '../verdict-examples.ts';

const HOUR = 60 * MINUTE;
const closed: Verdict = { verdict: 'BLOCK', issues: [], calendars: { isOpen: false, changesAt: NOW + HOUR } };

const at = (ms: number): string => new Date(NOW + ms).toISOString().replace('.000Z', 'Z');

describe('the answer', () => {
  it.each([
    ['allows a healthy Region', pass, {}, true],
    ['stops during an incident', block, {}, false],
    ['stops during an incident that the policy would wait for', block, { mode: 'wait' }, false],
    ['allows during an incident if the policy only warns', block, { mode: 'warn' }, true],
    ['stops if AWS Health cannot be read', unknown, {}, false],
    ['allows at once what the policy allows as unknown', unknown, { onUnknown: 'allow' }, true],
    ['stops without a permission, whatever is unknown', refused, { onUnknown: 'allow' }, false],
    ['allows without a permission if the policy only warns', refused, { mode: 'warn' }, true],
    ['stops while a calendar is closed', closed, {}, false],
  ] as const)('%s', (_, verdict, said, deploy) => {
    expect(toAnswer(verdict, policy(said), NOW).deploy).toBe(deploy);
  });

  it.each([
    ['a minute after a healthy Region', pass, at(MINUTE)],
    ['a minute after a failed read', unknown, at(MINUTE)],
    ['five minutes after an incident', block, at(5 * MINUTE)],
    ['when the calendar opens', closed, at(HOUR)],
    [
      'five minutes after an incident, although a calendar opens later',
      { ...closed, issues: [issue()] },
      at(5 * MINUTE),
    ],
    ['never before a person has acted', refused, undefined],
  ] as const)('says to ask again %s', (_, verdict, askAgainAt) => {
    expect(toAnswer(verdict, policy(), NOW).askAgainAt).toBe(askAgainAt);
  });

  it('lists each event with its address', () => {
    const { events } = toAnswer({ verdict: 'BLOCK', issues: [issue({ zone: 'eu-west-1a' })] }, policy(), NOW);

    expect(events).toEqual([
      {
        code: 'AWS_EC2_OPERATIONAL_ISSUE',
        service: 'EC2',
        region: 'eu-west-1',
        zone: 'eu-west-1a',
        startedAt: at(-3 * HOUR),
        url: expect.stringContaining('eventID=arn%3Aaws%3Ahealth'),
      },
    ]);
  });

  it('holds until an override ends', () => {
    const answer = toOverriddenAnswer({ until: NOW + HOUR, reason: 'hotfix for INC-42' });

    expect(answer).toMatchObject({ verdict: 'OVERRIDDEN', deploy: true, askAgainAt: at(HOUR) });
  });

  it('names what is invalid', () => {
    expect(toRefusal('regions: "us-esat-1" is not an AWS Region')).toMatchObject({
      verdict: 'MISCONFIGURED',
      deploy: false,
      error: 'regions: "us-esat-1" is not an AWS Region',
    });
  });

  it('allows everything in a dry run, and says what would have happened', () => {
    const answer = toDryRunAnswer(toAnswer(block, policy(), NOW));

    expect(answer).toMatchObject({ verdict: 'BLOCK', deploy: true });
    expect(answer.message).toMatch(/^Dry run, would be stopped: Incident In Progress/);
  });
});
