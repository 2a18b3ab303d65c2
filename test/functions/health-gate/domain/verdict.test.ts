import { describe, expect, it } from 'vitest';
import {
  decideVerdict,
  type SourceData,
  toSourceError,
} from '../../../../functions/health-gate/domain/verdict.ts';
import { describeVerdict } from '../../../../functions/health-gate/messages/verdict-text.ts';
import { InvalidInputError, RetryableError } from '../../../../shared/errors.ts';
import { issue, NOW, policy } from '../examples.ts';

const timeout = { kind: 'temporary', message: 'AWS Health of account 1: timeout' } as const;
const refusal = { kind: 'denied', message: 'AWS Health of account 1: AccessDenied' } as const;

describe('the verdict', () => {
  it.each<[string, string, Partial<SourceData>]>([
    ['nothing found', 'PASS', {}],
    ['an incident', 'BLOCK', { issues: [issue()] }],
    ['an incident elsewhere', 'PASS', { issues: [issue({ region: 'us-west-2' })] }],
    ['closed calendars', 'BLOCK', { calendars: { isOpen: false } }],
    ['open calendars', 'PASS', { calendars: { isOpen: true } }],
    ['a source that could not be read', 'UNKNOWN', { sourceErrors: [timeout] }],
    ['an incident, and the rest unread', 'BLOCK', { issues: [issue()], sourceErrors: [timeout] }],
    [
      'closed calendars, and AWS Health unread',
      'BLOCK',
      { calendars: { isOpen: false }, sourceErrors: [timeout] },
    ],
    ['a refusal', 'MISCONFIGURED', { sourceErrors: [timeout, refusal] }],
    ['a refusal beside an incident', 'MISCONFIGURED', { issues: [issue()], sourceErrors: [refusal] }],
  ])('%s: %s', (_, expected, found) => {
    expect(decideVerdict({ issues: [], sourceErrors: [], ...found }, policy(), NOW).verdict).toBe(expected);
  });

  it('names an event once, however many accounts see it, the oldest first', () => {
    const issues = [
      issue({ arn: 'b', startedAt: NOW }),
      issue({ arn: 'a' }),
      issue({ arn: 'a', account: '2' }),
    ];
    const verdict = decideVerdict({ issues, sourceErrors: [] }, policy(), NOW);
    expect(verdict).toMatchObject({ issues: [{ arn: 'a' }, { arn: 'b' }] });
  });

  it('says what, where, since when and where to read on', () => {
    const calendars = { isOpen: false, changesAt: Date.parse('2026-11-23T08:00:00Z') };
    const findings = { issues: [issue()], calendars, sourceErrors: [] };
    const said = policy({ calendars: ['freeze'] });
    expect(describeVerdict(decideVerdict(findings, said, NOW), said)).toBe(
      'Incident In Progress: AWS_EC2_OPERATIONAL_ISSUE in eu-west-1 (EC2) since 2026-11-21T09:00:00Z, ' +
        'https://health.aws.amazon.com/health/home#/account/event-log?eventID=' +
        'arn%3Aaws%3Ahealth%3Aeu-west-1%3A%3Aevent%2FEC2%2FAWS_EC2_OPERATIONAL_ISSUE%2F1. ' +
        'Closed by Change Calendar until 2026-11-23T08:00:00Z: freeze.',
    );
  });

  it('leads to the health page of the partition', () => {
    const arn = 'arn:aws-cn:health:cn-north-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/1';
    const findings = { issues: [issue({ arn })], calendars: undefined, sourceErrors: [] };
    expect(describeVerdict(decideVerdict(findings, policy({}), NOW), policy({}))).toContain(
      'https://health.amazonaws.cn/health/home#/account/event-log?eventID=arn%3Aaws-cn',
    );
  });

  it('stays short in a large outage', () => {
    const issues = Array.from({ length: 60 }, (_, i) => issue({ arn: `${issue().arn}${i}` }));
    const text = describeVerdict(decideVerdict({ issues, sourceErrors: [] }, policy(), NOW), policy());
    expect(text).toMatch(/; and 55 more\.$/);
    expect(text.length).toBeLessThan(2000);
  });
});

describe('what a failed read means', () => {
  it.each([
    ['a throttle', named('ThrottlingException', 400), 'temporary'],
    ['a 500', named('InternalFailure', 500), 'temporary'],
    ['a broken connection', Object.assign(new Error('reset'), { code: 'ECONNRESET' }), 'temporary'],
    ['a reply that is no JSON', new SyntaxError('Unexpected token <'), 'temporary'],
    ['a time-out', named('TimeoutError'), 'temporary'],
    ['our own retryable', new RetryableError('later'), 'temporary'],
    ['no permission', named('AccessDeniedException', 400), 'denied'],
    ['no support plan', named('SubscriptionRequiredException', 400), 'denied'],
    ['a calendar that is none', named('InvalidDocument', 400), 'misconfigured'],
    ['a filter AWS does not take', named('ValidationException', 400), 'misconfigured'],
    ['a policy that cannot be read', new InvalidInputError('regions: ...'), 'misconfigured'],
  ])('%s: %s', (_, error, kind) => {
    expect(toSourceError(error, 'AWS Health').kind).toBe(kind);
  });

  it('a refusal says what to look at', () => {
    const { message } = toSourceError(named('AccessDeniedException', 400), 'Parameter /p', 'Look elsewhere');
    expect(message).toBe('Parameter /p: AccessDeniedException: as AWS says it. Look elsewhere');
  });

  it('no support plan is said in words that help', () => {
    const { message } = toSourceError(named('SubscriptionRequiredException', 400), 'AWS Health of account 1');
    expect(message).toMatch(/^AWS Health of account 1: its API needs .* Support .*take this action out/);
  });
});

function named(name: string, httpStatusCode?: number): Error {
  const error = Object.assign(new Error('as AWS says it'), { name });
  return httpStatusCode === undefined ? error : Object.assign(error, { $metadata: { httpStatusCode } });
}
