import { describe, expect, it } from 'vitest';
import {
  missingPermissions,
  normalizeTargets,
  permissionsFor,
} from '../../../../functions/ami-approval/domain/share-targets.ts';
import { ORGANIZATION, UNIT } from '../builds.ts';

describe('targets', () => {
  it('never include everyone', () => {
    const all = normalizeTargets({
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

  it('are compared without regard to their order', () => {
    const wanted = [{ UserId: '1' }, { OrganizationArn: ORGANIZATION }];
    expect(
      missingPermissions(wanted, [{ OrganizationArn: ORGANIZATION }, { UserId: '1' }, { UserId: '9' }]),
    ).toEqual([]);
    expect(missingPermissions(wanted, [{ UserId: '1' }, { OrganizationalUnitArn: UNIT }])).toEqual([
      'organization o-a1b2c3d4e5',
    ]);
  });
});
