import { describe, expect, it } from 'vitest';
import { type HealthIssue, isBlocking } from '../../../../functions/health-gate/domain/health-issue.ts';
import type { Policy } from '../../../../functions/health-gate/domain/policy.ts';
import { issue, NOW, policy } from '../examples.ts';

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
    ['a rack', false, { scope: 'ACCOUNT_SPECIFIC', code: 'AWS_EC2_NETWORK_CONNECTIVITY_ISSUE' }, {}],
    [
      'the power of a rack',
      false,
      { scope: 'ACCOUNT_SPECIFIC', code: 'AWS_EC2_POWER_CONNECTIVITY_ISSUE' },
      {},
    ],
    ['a database', false, { scope: 'ACCOUNT_SPECIFIC', code: 'AWS_RDS_CONNECTIVITY_ISSUE' }, {}],
    ['a link', false, { scope: 'ACCOUNT_SPECIFIC', code: 'AWS_DIRECTCONNECT_CONNECTIVITY_ISSUE' }, {}],
    ['a public one of the network', true, { code: 'AWS_EC2_NETWORK_CONNECTIVITY_ISSUE' }, {}],
    [
      'a link that the policy names',
      true,
      { scope: 'ACCOUNT_SPECIFIC', code: 'AWS_DIRECTCONNECT_CONNECTIVITY_ISSUE', service: 'DIRECTCONNECT' },
      { services: ['EC2'], blockCodes: ['AWS_DIRECTCONNECT_*'] },
    ],
    ['in one of the zones', true, { zone: 'eu-west-1a' }, { zones: ['eu-west-1a', 'eu-west-1b'] }],
    ['in another zone', false, { zone: 'eu-west-1c' }, { zones: ['eu-west-1a', 'eu-west-1b'] }],
    ['in no single zone', true, {}, { zones: ['eu-west-1a'] }],
    ['in a zone, and no zones are named', true, { zone: 'eu-west-1c' }, {}],
    [
      'in a zone of a Region of which no zone is named',
      true,
      { zone: 'us-east-1a', region: 'us-east-1' },
      { regions: ['eu-west-1', 'us-east-1'], zones: ['eu-west-1a'] },
    ],
    [
      'in another zone, by a named code',
      false,
      { zone: 'eu-west-1c' },
      { zones: ['eu-west-1a'], blockCodes: ['AWS_EC2_*'] },
    ],
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
