import { describe, expect, it } from 'vitest';
import {
  type Built,
  describeSubject,
  fingerprintOf,
  type QuorumRules,
  quorumOf,
  type SubjectRules,
  whatChanged,
} from '../../../functions/ami-approval/domain/approval-subject.ts';
import { whoCannotUse, whyUnusable } from '../../../functions/ami-approval/domain/kms-key.ts';
import {
  missingFrom,
  noTargets,
  permissionsFor,
  tidyTargets,
} from '../../../functions/ami-approval/domain/share-targets.ts';
import { type SeenAmi, whyNot } from '../../../functions/ami-approval/domain/sharing-rules.ts';
import { ANN, BEN, CEM, imageArn, NOW } from './approvals.ts';

const ORGANIZATION = 'arn:aws:organizations::999999999999:organization/o-a1b2c3d4e5';
const UNIT = 'arn:aws:organizations::999999999999:ou/o-a1b2c3d4e5/ou-f6g7-h8i9j0k1';

function built(more: Partial<Built> = {}): Built {
  return {
    arn: imageArn,
    type: 'AMI',
    name: 'web-server',
    version: '1.4.0/7',
    status: 'AVAILABLE',
    buildType: 'USER_INITIATED',
    amis: [
      { region: 'us-east-1', id: 'ami-2', name: 'b', accountId: '123456789012' },
      { region: 'eu-west-1', id: 'ami-0123456789abcdef0', name: 'a', accountId: '123456789012' },
      { region: 'eu-west-1', id: 'ami-3', name: 'c', accountId: '777788889999' },
    ],
    distributions: [],
    tags: {},
    ...more,
  };
}

type Rules = SubjectRules & QuorumRules;

function rules(more: Partial<Rules> = {}): Rules {
  const targets = {
    ...noTargets,
    accounts: ['222222222222', '111111111111', '222222222222'],
    copying: ['333333333333'],
  };
  return {
    targets,
    approvers: [ANN, BEN, CEM],
    required: 1,
    barInitiator: false,
    ...more,
  };
}

describe('what is asked about', () => {
  it('are the AMIs of this account, by Region; the others are named', () => {
    const { amis, elsewhere, code } = describeSubject(built(), rules());
    expect(amis.map(({ id }) => id)).toEqual(['ami-0123456789abcdef0', 'ami-2']);
    expect(elsewhere).toEqual(['ami-3 in eu-west-1 of account 777788889999']);
    expect(code).toBe('bcdef0');
  });

  it('goes by its version as long as it has no AMI', () => {
    expect(describeSubject(built({ amis: [] }), rules()).code).toBe('1.4.0/7');
  });

  it('names what distribution settings give away', () => {
    const distributions = [
      {
        region: 'eu-west-1',
        permissions: [{ Group: 'all' }, { OrganizationArn: ORGANIZATION }],
        copies: ['444455556666'],
      },
    ];
    expect(describeSubject(built({ distributions }), rules()).distributed).toEqual([
      'account 444455556666 in eu-west-1, as a copy of its own',
      'everybody (public) in eu-west-1',
      'organization o-a1b2c3d4e5 in eu-west-1',
    ]);
  });
});

describe('the fingerprint', () => {
  const before = fingerprintOf(describeSubject(built(), rules()));
  const targets = rules().targets;

  it.each<[string, Built, Rules]>([
    ['the order of AMIs', built({ amis: [...built().amis].reverse() }), rules()],
    [
      'the order of targets',
      built(),
      rules({ targets: { ...targets, accounts: [...targets.accounts].reverse() } }),
    ],
    ['what is only told', built({ osVersion: 'Amazon Linux 2023', recipe: 'x', name: 'y' }), rules()],
    ['who may approve', built(), rules({ approvers: [ANN], required: 3, barInitiator: true })],
  ])('does not depend on %s', (_, image, given) => {
    expect(fingerprintOf(describeSubject(image, given))).toBe(before);
  });

  it.each<[string, Built, Rules]>([
    [
      'an AMI more',
      built({ amis: [...built().amis, { region: 'x', id: 'ami-9', name: '', accountId: '123456789012' }] }),
      rules(),
    ],
    ['an AMI elsewhere less', built({ amis: built().amis.slice(0, 2) }), rules()],
    [
      'an AMI in another Region',
      built({ amis: built().amis.map((ami) => ({ ...ami, region: 'sa-east-1' })) }),
      rules(),
    ],
    [
      'an account more',
      built(),
      rules({ targets: { ...targets, accounts: [...targets.accounts, '555555555555'] } }),
    ],
    [
      'an account that copies',
      built(),
      rules({ targets: { ...targets, copying: ['222222222222', '333333333333'] } }),
    ],
    ['an organization', built(), rules({ targets: { ...targets, organizations: [ORGANIZATION] } })],
    ['a unit', built(), rules({ targets: { ...targets, organizationalUnits: [UNIT] } })],
    ['another build', built({ arn: imageArn.replace('/7', '/8') }), rules()],
    [
      'other distribution settings',
      built({ distributions: [{ region: 'eu-west-1', permissions: [], copies: ['1'] }] }),
      rules(),
    ],
  ])('changes with %s', (_, image, given) => {
    const after = describeSubject(image, given);
    expect(fingerprintOf(after)).not.toBe(before);
    expect(whatChanged(describeSubject(built(), rules()), after)).toMatch(
      / changed after the approval was asked for$/,
    );
  });

  it('of a step does not depend on whom other AMIs are shared with', () => {
    const gate = { stepExecutionId: 'step-1', name: 's' };
    const [one, other] = [rules(), rules({ targets: noTargets })].map((given) =>
      describeSubject(built(), given, gate),
    );
    expect(one).toEqual(other);
  });

  it('is that of a step, too', () => {
    const gate = (stepExecutionId: string) =>
      fingerprintOf(describeSubject(built(), rules(), { stepExecutionId, name: 's' }));
    expect(new Set([before, gate('step-1'), gate('step-2')]).size).toBe(3);
  });
});

describe('the quorum', () => {
  const started = (who: string, buildType = 'USER_INITIATED'): Built =>
    built({ buildType, tags: { 'groundcrew:started-by': who } });
  it.each<[string, Built, Partial<Rules>, number | string]>([
    ['is what was set', built(), { required: 2 }, 2],
    ['that nobody can reach is no quorum', built(), { required: 4 }, 'it takes 4 approvals and 3'],
    ['without approvers there is none', built(), { approvers: [] }, 'it takes 1 approvals and 0'],
    ['is not raised where it is known who started it', started(ANN), { barInitiator: true, required: 2 }, 2],
    [
      'does not count who started it',
      started(ANN.toUpperCase()),
      { barInitiator: true, required: 3 },
      'it takes 3 approvals and 2',
    ],
    [
      'counts all when a stranger started it',
      started('zoe@example.com'),
      { barInitiator: true, required: 3 },
      3,
    ],
    ['is one more where nobody knows who started it', built(), { barInitiator: true, required: 2 }, 3],
    [
      'says how to tell',
      built(),
      { barInitiator: true, required: 3 },
      'tag the image groundcrew:started-by=',
    ],
    [
      'is not raised for a schedule',
      built({ buildType: 'SCHEDULED' }),
      { barInitiator: true, required: 2 },
      2,
    ],
  ])('%s', (_, image, given, expected) => {
    const quorum = quorumOf(image, rules(given));
    if (typeof expected === 'number') expect(quorum).toEqual({ required: expected });
    else expect('why' in quorum && quorum.why).toContain(expected);
  });
});

describe('targets', () => {
  it('are never everybody', () => {
    const all = tidyTargets({
      accounts: ['1'],
      organizations: [ORGANIZATION],
      organizationalUnits: [UNIT],
      copying: ['2'],
    });
    expect(permissionsFor(all)).toEqual([
      { UserId: '1' },
      { UserId: '2' },
      { OrganizationArn: ORGANIZATION },
      { OrganizationalUnitArn: UNIT },
    ]);
  });

  it('are compared as a set', () => {
    const wanted = [{ UserId: '1' }, { OrganizationArn: ORGANIZATION }];
    expect(
      missingFrom(wanted, [{ OrganizationArn: ORGANIZATION }, { UserId: '1' }, { UserId: '9' }]),
    ).toEqual([]);
    expect(missingFrom(wanted, [{ UserId: '1' }, { OrganizationalUnitArn: UNIT }])).toEqual([
      'organization o-a1b2c3d4e5',
    ]);
  });
});

describe('an AMI', () => {
  const sound: SeenAmi = {
    state: 'available',
    deprecatedAt: undefined,
    tags: { CreatedBy: 'EC2 Image Builder', Ec2ImageBuilderArn: imageArn },
    snapshots: ['snap-1'],
    isEncrypted: false,
  };
  it.each<[string, SeenAmi | undefined, RegExp | undefined]>([
    ['that is sound may be shared', sound, undefined],
    ['that will be deprecated may', { ...sound, deprecatedAt: NOW + 1 }, undefined],
    ['that is deprecated may not', { ...sound, deprecatedAt: NOW }, /deprecated/],
    ['that is gone may not', undefined, /does not exist/],
    ['that is disabled may not', { ...sound, state: 'disabled' }, /disabled/],
    ['of somebody else may not', { ...sound, tags: { ...sound.tags, CreatedBy: 'me' } }, /CreatedBy/],
    [
      'of another build may not',
      { ...sound, tags: { ...sound.tags, Ec2ImageBuilderArn: `${imageArn}0` } },
      /another build/,
    ],
    ['without tags may not', { ...sound, tags: {} }, /CreatedBy/],
  ])('%s', (_, seen, reason) => {
    const why = whyNot(seen, imageArn, NOW);
    if (reason) expect(why).toMatch(reason);
    else expect(why).toBeUndefined();
  });
});

describe('a key', () => {
  const arn = 'arn:aws:kms:eu-west-1:123456789012:key/1';
  it('of a service is no key to share with, and the mail says what to do', () => {
    expect(whyUnusable({ arn, isAwsManaged: true, state: 'Enabled' })).toMatch(
      /customer managed key.*kmsKeyId/,
    );
  });
  it.each(['Disabled', 'PendingDeletion', 'PendingImport'])('that is %s is none either', (state) => {
    expect(whyUnusable({ arn, isAwsManaged: false, state })).toContain(state);
  });
  it('that is enabled is one', () => {
    expect(whyUnusable({ arn, isAwsManaged: false, state: 'Enabled' })).toBeUndefined();
  });

  const targets = { ...noTargets, accounts: ['111111111111', '222222222222'], organizations: [ORGANIZATION] };
  const policy = (statement: object): string => JSON.stringify({ Statement: statement });
  it.each<[string, string | undefined, number]>([
    ['nobody', policy([]), 3],
    ['one account', policy([{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111111111111:root' } }]), 2],
    [
      'an organization',
      policy({
        Effect: 'Allow',
        Principal: '*',
        Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } },
      }),
      2,
    ],
    ['whom it denies', policy([{ Effect: 'Deny', Principal: { AWS: '111111111111' } }]), 3],
    ['all, but nobody could read it', undefined, 1],
    ['no JSON', 'no', 1],
  ])('whose policy names %s is remarked', (_, text, remarks) => {
    expect(whoCannotUse(text, targets)).toHaveLength(remarks);
  });
});
