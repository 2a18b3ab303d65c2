import { describe, expect, it } from 'vitest';
import { type Ec2Image, notSharableReason } from '../../../../functions/ami-approval/domain/sharing-rules.ts';
import { imageArn, NOW } from '../approvals.ts';

describe('an AMI', () => {
  const available: Ec2Image = {
    state: 'available',
    deprecatedAt: undefined,
    tags: { CreatedBy: 'EC2 Image Builder', Ec2ImageBuilderArn: imageArn },
    snapshots: ['snap-1'],
    isEncrypted: false,
  };
  it.each<[string, Ec2Image | undefined, RegExp | undefined]>([
    ['can be shared if it is available', available, undefined],
    ['can be shared before its deprecation', { ...available, deprecatedAt: NOW + 1 }, undefined],
    ['cannot be shared after its deprecation', { ...available, deprecatedAt: NOW }, /deprecated/],
    ['cannot be shared if it is gone', undefined, /no longer exists/],
    ['cannot be shared if it is disabled', { ...available, state: 'disabled' }, /disabled/],
    [
      'cannot be shared if Image Builder did not create it',
      { ...available, tags: { ...available.tags, CreatedBy: 'me' } },
      /CreatedBy/,
    ],
    [
      'cannot be shared if it belongs to another build',
      { ...available, tags: { ...available.tags, Ec2ImageBuilderArn: `${imageArn}0` } },
      /another build/,
    ],
    ['cannot be shared without tags', { ...available, tags: {} }, /CreatedBy/],
  ])('%s', (_, seen, reason) => {
    const why = notSharableReason(seen, imageArn, NOW);
    if (reason) expect(why).toMatch(reason);
    else expect(why).toBeUndefined();
  });
});
