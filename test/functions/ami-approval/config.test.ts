import { describe, expect, it } from 'vitest';
import { readRequestConfig } from '../../../functions/ami-approval/config.ts';

describe('the configuration', () => {
  const env = {
    APPROVALS_TABLE: 't',
    DRY_RUN: 'false',
    APPROVER_TOPIC_PREFIX: 'a',
    NOTIFICATION_TOPIC_ARN: 'n',
    LINK_BASE: 'https://x',
    APPROVERS: 'Ann@example.com,ben@example.com,ann@example.com',
    REQUIRED_APPROVALS: '2',
    EXPIRY_HOURS: '72',
    BAR_INITIATOR: 'true',
    TARGET_ACCOUNTS: '222222222222,111111111111',
    COPYING_ACCOUNTS: '333333333333',
  };

  it('counts an approver once, in the spelling of their subscription', () => {
    expect(readRequestConfig(env).approvers).toEqual(['Ann@example.com', 'ben@example.com']);
  });

  it('shares the AMI with the accounts that copy it', () => {
    expect(readRequestConfig(env).targets).toMatchObject({
      accounts: ['111111111111', '222222222222', '333333333333'],
      copying: ['333333333333'],
    });
  });

  it('takes names of accounts for people, and shares with the ids', () => {
    const { targets, accountNames } = readRequestConfig({
      ...env,
      TARGET_ACCOUNTS: '222222222222=shop prod,111111111111',
    });
    expect(targets.accounts).toEqual(['111111111111', '222222222222', '333333333333']);
    expect(accountNames).toEqual({ '222222222222': 'shop prod' });
  });

  it('names every invalid variable in one error', () => {
    const invalid = {
      ...env,
      TARGET_ACCOUNTS: 'all',
      TARGET_ORGANIZATIONS: '*',
      EXPIRY_HOURS: '0',
      APPROVERS: 'ann',
    };
    expect(() => readRequestConfig(invalid)).toThrow(
      /APPROVERS has the entry "ann".*EXPIRY_HOURS is "0".*TARGET_ACCOUNTS has the entry "all".*TARGET_ORGANIZATIONS has the entry "\*"/,
    );
  });
});
