import { describe, expect, it } from 'vitest';
import {
  changeReason,
  createSubject,
  fingerprintOf,
} from '../../../../functions/ami-approval/domain/approval-subject.ts';
import type { ImageBuild } from '../../../../functions/ami-approval/domain/image-build.ts';
import { noTargets } from '../../../../functions/ami-approval/domain/share-targets.ts';
import { ANN, imageArn } from '../approvals.ts';
import { imageBuild, ORGANIZATION, type Rules, rules, UNIT } from '../builds.ts';

describe('the subject of an approval', () => {
  it('has the AMIs of this account by Region and names the others', () => {
    const { amis, foreignAmis, code } = createSubject(imageBuild(), rules());
    expect(amis.map(({ id }) => id)).toEqual(['ami-0123456789abcdef0', 'ami-2']);
    expect(foreignAmis).toEqual(['ami-3 in eu-west-1 of account 777788889999']);
    expect(code).toBe('bcdef0');
  });

  it('has its version as the code while it has no AMI', () => {
    expect(createSubject(imageBuild({ amis: [] }), rules()).code).toBe('1.4.0/7');
  });

  it('names who gets the AMI through its distribution settings', () => {
    const distributions = [
      {
        region: 'eu-west-1',
        permissions: [{ Group: 'all' }, { OrganizationArn: ORGANIZATION }],
        copies: ['444455556666'],
      },
    ];
    expect(createSubject(imageBuild({ distributions }), rules()).alreadyShared).toEqual([
      'account 444455556666 in eu-west-1, as its own copy',
      'everyone (public) in eu-west-1',
      'organization o-a1b2c3d4e5 in eu-west-1',
    ]);
  });
});

describe('the fingerprint', () => {
  const before = fingerprintOf(createSubject(imageBuild(), rules()));
  const targets = rules().targets;

  it.each<[string, ImageBuild, Rules]>([
    ['the order of AMIs', imageBuild({ amis: [...imageBuild().amis].reverse() }), rules()],
    [
      'the order of targets',
      imageBuild(),
      rules({ targets: { ...targets, accounts: [...targets.accounts].reverse() } }),
    ],
    [
      'facts that are only shown',
      imageBuild({ osVersion: 'Amazon Linux 2023', recipe: 'x', name: 'y' }),
      rules(),
    ],
    ['who can approve', imageBuild(), rules({ approvers: [ANN], required: 3, excludeInitiator: true })],
  ])('does not depend on %s', (_, image, given) => {
    expect(fingerprintOf(createSubject(image, given))).toBe(before);
  });

  it.each<[string, ImageBuild, Rules]>([
    [
      'another AMI',
      imageBuild({
        amis: [...imageBuild().amis, { region: 'x', id: 'ami-9', name: '', accountId: '123456789012' }],
      }),
      rules(),
    ],
    ['one AMI less in another account', imageBuild({ amis: imageBuild().amis.slice(0, 2) }), rules()],
    [
      'an AMI in another Region',
      imageBuild({ amis: imageBuild().amis.map((ami) => ({ ...ami, region: 'sa-east-1' })) }),
      rules(),
    ],
    [
      'another account',
      imageBuild(),
      rules({ targets: { ...targets, accounts: [...targets.accounts, '555555555555'] } }),
    ],
    [
      'an account that copies',
      imageBuild(),
      rules({ targets: { ...targets, copying: ['222222222222', '333333333333'] } }),
    ],
    ['an organization', imageBuild(), rules({ targets: { ...targets, organizations: [ORGANIZATION] } })],
    ['an organizational unit', imageBuild(), rules({ targets: { ...targets, organizationalUnits: [UNIT] } })],
    ['another build', imageBuild({ arn: imageArn.replace('/7', '/8') }), rules()],
    [
      'other distribution settings',
      imageBuild({ distributions: [{ region: 'eu-west-1', permissions: [], copies: ['1'] }] }),
      rules(),
    ],
  ])('changes with %s', (_, image, given) => {
    const after = createSubject(image, given);
    expect(fingerprintOf(after)).not.toBe(before);
    expect(changeReason(createSubject(imageBuild(), rules()), after)).toMatch(
      / changed after approval was requested$/,
    );
  });

  it('does not depend on the share targets for a workflow step', () => {
    const workflowStep = { stepExecutionId: 'step-1', name: 's' };
    const [one, other] = [rules(), rules({ targets: noTargets })].map((given) =>
      createSubject(imageBuild(), given, workflowStep),
    );
    expect(one).toEqual(other);
  });

  it('is different for each workflow step', () => {
    const fingerprintAt = (stepExecutionId: string) =>
      fingerprintOf(createSubject(imageBuild(), rules(), { stepExecutionId, name: 's' }));
    expect(new Set([before, fingerprintAt('step-1'), fingerprintAt('step-2')]).size).toBe(3);
  });
});
