import { describe, expect, it } from 'vitest';
import { keyPolicyRemarks } from '../../../../functions/ami-approval/domain/key-policy.ts';
import { noTargets } from '../../../../functions/ami-approval/domain/share-targets.ts';
import { ORGANIZATION, UNIT } from '../builds.ts';

const ARN = 'arn:aws:kms:eu-west-1:123456789012:key/1';
const ONE = '111111111111';
const all = { ...noTargets, accounts: [ONE], organizations: [ORGANIZATION], organizationalUnits: [UNIT] };

const allow = (Principal: unknown, Condition?: object): object => ({
  Effect: 'Allow',
  Action: ['kms:Decrypt', 'kms:CreateGrant'],
  Principal,
  ...(Condition && { Condition }),
});
const inOrganization = allow('*', { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } });
const inPath = (path: string): object =>
  allow({ AWS: '*' }, { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': [path] } });
const account = allow({ AWS: `arn:aws:iam::${ONE}:root` });

/** The first word about each target: `names` is silent. */
function verdicts(...Statement: readonly object[]): string[] {
  const remarks = keyPolicyRemarks(ARN, JSON.stringify({ Statement }), all);
  return ['account', 'organization o-', 'organizational unit'].map((target) => {
    const remark = remarks.find((text) => new RegExp(`(name|whether) ${target}`).test(text));
    return remark === undefined ? 'allowed' : remark.startsWith('cannot tell') ? 'cannot tell' : 'not named';
  });
}

describe('a key policy', () => {
  it.each<[string, readonly object[], readonly string[]]>([
    [
      'that names nobody',
      [allow({ AWS: 'arn:aws:iam::123456789012:root' })],
      ['not named', 'not named', 'not named'],
    ],
    ['that names the account', [account], ['allowed', 'not named', 'not named']],
    ['that names the account by its id alone', [allow({ AWS: ONE })], ['allowed', 'not named', 'not named']],
    ['that names the organization', [inOrganization], ['cannot tell', 'allowed', 'allowed']],
    [
      'that names another organization',
      [allow('*', { StringEquals: { 'aws:PrincipalOrgID': 'o-other12345' } })],
      ['cannot tell', 'cannot tell', 'cannot tell'],
    ],
    [
      'that names the whole organization by path',
      [inPath('o-a1b2c3d4e5/*')],
      ['cannot tell', 'allowed', 'allowed'],
    ],
    [
      'that names the unit',
      [inPath('o-a1b2c3d4e5/r-f6g7/ou-f6g7-h8i9j0k1/*')],
      ['cannot tell', 'cannot tell', 'allowed'],
    ],
    [
      'that names a unit below',
      [inPath('o-a1b2c3d4e5/r-f6g7/ou-f6g7-h8i9j0k1/ou-f6g7-zzzzzzzz/*')],
      ['cannot tell', 'cannot tell', 'cannot tell'],
    ],
    ['that allows everyone', [allow('*')], ['allowed', 'allowed', 'allowed']],
    [
      'that allows everyone under other conditions',
      [allow('*', { Bool: { 'aws:SecureTransport': 'true' } })],
      ['cannot tell', 'cannot tell', 'cannot tell'],
    ],
    [
      'that allows the account to describe the key only',
      [{ ...account, Action: 'kms:DescribeKey' }],
      ['not named', 'not named', 'not named'],
    ],
    [
      'that also denies the account',
      [account, { ...account, Effect: 'Deny' }],
      ['cannot tell', 'not named', 'not named'],
    ],
    [
      'that allows all except some',
      [{ Effect: 'Allow', Action: 'kms:*', NotPrincipal: { AWS: ONE } }],
      ['cannot tell', 'cannot tell', 'cannot tell'],
    ],
  ])('%s', (_, statements, expected) => {
    expect(verdicts(...statements)).toEqual(expected);
  });

  it.each([undefined, 'no JSON', '[]', '{"Statement":["x"]}'])(
    'that cannot be read (%j) causes one remark',
    (text) => {
      expect(keyPolicyRemarks(ARN, text, all)).toEqual([
        `cannot tell whether the targets can use its key ${ARN}: its policy could not be read`,
      ]);
    },
  );
});
