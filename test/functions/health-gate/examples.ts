import type { HealthIssue } from '../../../functions/health-gate/domain/health-issue.ts';
import {
  buildPolicy,
  type Policy,
  parseUserParameters,
} from '../../../functions/health-gate/domain/policy.ts';

export const NOW = Date.parse('2026-11-21T12:00:00Z');

/** A public outage of EC2 in eu-west-1, three hours old. */
export function issue(about: Partial<HealthIssue> = {}): HealthIssue {
  return {
    arn: 'arn:aws:health:eu-west-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/1',
    code: 'AWS_EC2_OPERATIONAL_ISSUE',
    service: 'EC2',
    region: 'eu-west-1',
    scope: 'PUBLIC',
    status: 'open',
    startedAt: NOW - 3 * 3_600_000,
    account: '123456789012',
    ...about,
  };
}

/** What an action without UserParameters in eu-west-1 gets. */
export function policy(said: Partial<Policy> = {}): Policy {
  const usual = buildPolicy(parseUserParameters(undefined), undefined, {
    region: 'eu-west-1',
    onUnknown: 'block',
  });
  return { ...usual, ...said };
}
