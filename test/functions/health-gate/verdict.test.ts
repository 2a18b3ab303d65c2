import { describe, expect, it } from 'vitest';
import { type HealthIssue, isBlocking } from '../../../functions/health-gate/domain/health-issue.ts';
import type { Policy } from '../../../functions/health-gate/domain/policy.ts';
import { judge, type SourceData, toSourceError } from '../../../functions/health-gate/domain/verdict.ts';
import { describeVerdict } from '../../../functions/health-gate/messages/verdict-text.ts';
import { InvalidInputError, RetryableError } from '../../../shared/errors.ts';
import { issue, NOW, policy } from './examples.ts';

const HOUR = 3_600_000;

describe('what counts as an incident', () => {
  it.each<[string, boolean, Partial<HealthIssue>, Partial<Policy>]>([
    ['a public event in a target Region', true, {}, {}],
    ['one in another Region', false, { region: 'ap-southeast-2' }, {}],
    ['a global one', true, { region: 'global', code: 'AWS_IAM_OPERATIONAL_ISSUE' }, {}],
    ['one that is closed', false, { status: 'closed' }, {}],
    ['one of last month that never closed', false, { startedAt: NOW - 8 * 24 * HOUR }, {}],
    ['the same under a longer limit', true, { startedAt: NOW - 8 * 24 * HOUR }, { maxEventAgeDays: 30 }],
    ['one at the very limit', true, { startedAt: NOW - 7 * 24 * HOUR }, {}],
    ['one that ended and was not closed', true, { endedAt: NOW - HOUR }, {}],
    ['the same where ends count', false, { endedAt: NOW - HOUR }, { endedIsOver: true }],
    ['one that will end', true, { endedAt: NOW + HOUR }, { endedIsOver: true }],
    ['of another service', false, { service: 'SQS' }, { services: ['EC2', 'LAMBDA'] }],
    ['of one of the services', true, { service: 'LAMBDA' }, { services: ['EC2', 'LAMBDA'] }],
    [
      'of several services at once',
      true,
      { service: 'MULTIPLE_SERVICES', code: 'AWS_MULTIPLE_SERVICES_OPERATIONAL_ISSUE' },
      { services: ['LAMBDA'] },
    ],
    ['for this account alone, of a whole service', true, { scope: 'ACCOUNT_SPECIFIC' }, {}],
    ['for this account alone, an API', true, { scope: 'ACCOUNT_SPECIFIC', code: 'AWS_EC2_API_ISSUE' }, {}],
    [
      'one drive',
      false,
      { scope: 'ACCOUNT_SPECIFIC', code: 'AWS_EC2_INSTANCE_STORE_DRIVE_PERFORMANCE_DEGRADED' },
      {},
    ],
    ['one instance', false, { scope: 'ACCOUNT_SPECIFIC', code: 'AWS_EC2_INSTANCE_CONNECTIVITY_ISSUE' }, {}],
    ['one volume', false, { scope: 'ACCOUNT_SPECIFIC', code: 'AWS_EBS_VOLUME_LOST' }, {}],
    [
      'one drive that the policy names',
      true,
      { scope: 'ACCOUNT_SPECIFIC', code: 'AWS_EC2_INSTANCE_STORE_DRIVE_PERFORMANCE_DEGRADED' },
      { blockCodes: ['AWS_EC2_INSTANCE_STORE_*'] },
    ],
    [
      'a named code of another service',
      true,
      { service: 'SQS' },
      { services: ['EC2'], blockCodes: ['AWS_EC2_OPERATIONAL_ISSUE'] },
    ],
    ['an ignored code', false, {}, { ignoreCodes: ['AWS_EC2_*'] }],
    ['ignored and named', false, {}, { ignoreCodes: ['AWS_EC2_*'], blockCodes: ['AWS_EC2_*'] }],
    ['a code that only begins alike', true, {}, { ignoreCodes: ['AWS_EC2'] }],
    ['without a scope', true, { scope: 'NONE' }, {}],
  ])('%s: %s', (_, expected, about, said) => {
    expect(isBlocking(issue(about), policy(said), NOW)).toBe(expected);
  });
});

const trouble = { kind: 'passing', message: 'AWS Health of account 1: timeout' } as const;
const refusal = { kind: 'refused', message: 'AWS Health of account 1: AccessDenied' } as const;

describe('the verdict', () => {
  it.each<[string, string, Partial<SourceData>]>([
    ['nothing found', 'PASS', {}],
    ['an incident', 'BLOCK', { issues: [issue()] }],
    ['an incident elsewhere', 'PASS', { issues: [issue({ region: 'us-west-2' })] }],
    ['closed calendars', 'BLOCK', { calendars: { isOpen: false } }],
    ['open calendars', 'PASS', { calendars: { isOpen: true } }],
    ['a source that could not be read', 'UNKNOWN', { sourceErrors: [trouble] }],
    ['an incident, and the rest unread', 'BLOCK', { issues: [issue()], sourceErrors: [trouble] }],
    [
      'closed calendars, and AWS Health unread',
      'BLOCK',
      { calendars: { isOpen: false }, sourceErrors: [trouble] },
    ],
    ['a refusal', 'MISCONFIGURED', { sourceErrors: [trouble, refusal] }],
    ['a refusal beside an incident', 'MISCONFIGURED', { issues: [issue()], sourceErrors: [refusal] }],
  ])('%s: %s', (_, expected, found) => {
    expect(judge({ issues: [], sourceErrors: [], ...found }, policy(), NOW).verdict).toBe(expected);
  });

  it('names an event once, however many accounts see it, the oldest first', () => {
    const issues = [
      issue({ arn: 'b', startedAt: NOW }),
      issue({ arn: 'a' }),
      issue({ arn: 'a', account: '2' }),
    ];
    const verdict = judge({ issues, sourceErrors: [] }, policy(), NOW);
    expect(verdict).toMatchObject({ issues: [{ arn: 'a' }, { arn: 'b' }] });
  });

  it('says what, where, since when and where to read on', () => {
    const calendars = { isOpen: false, changesAt: Date.parse('2026-11-23T08:00:00Z') };
    const findings = { issues: [issue()], calendars, sourceErrors: [] };
    const said = policy({ calendars: ['freeze'] });
    expect(describeVerdict(judge(findings, said, NOW), said)).toBe(
      'Incident In Progress: AWS_EC2_OPERATIONAL_ISSUE in eu-west-1 (EC2) since 2026-11-21T09:00:00Z, ' +
        'https://health.aws.amazon.com/health/home#/account/event-log?eventID=' +
        'arn%3Aaws%3Ahealth%3Aeu-west-1%3A%3Aevent%2FEC2%2FAWS_EC2_OPERATIONAL_ISSUE%2F1. ' +
        'Closed by Change Calendar until 2026-11-23T08:00:00Z: freeze.',
    );
  });

  it('stays short in a large outage', () => {
    const issues = Array.from({ length: 60 }, (_, i) => issue({ arn: `${issue().arn}${i}` }));
    const text = describeVerdict(judge({ issues, sourceErrors: [] }, policy(), NOW), policy());
    expect(text).toMatch(/; and 55 more\.$/);
    expect(text.length).toBeLessThan(2000);
  });
});

describe('what a failed read means', () => {
  it.each([
    ['a throttle', named('ThrottlingException', 400), 'passing'],
    ['a 500', named('InternalFailure', 500), 'passing'],
    ['a broken connection', Object.assign(new Error('reset'), { code: 'ECONNRESET' }), 'passing'],
    ['a reply that is no JSON', new SyntaxError('Unexpected token <'), 'passing'],
    ['a time-out', named('TimeoutError'), 'passing'],
    ['our own retryable', new RetryableError('later'), 'passing'],
    ['no permission', named('AccessDeniedException', 400), 'refused'],
    ['no support plan', named('SubscriptionRequiredException', 400), 'refused'],
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
