import type { SubjectRules } from '../../../functions/ami-approval/domain/approval-subject.ts';
import type { ImageBuild } from '../../../functions/ami-approval/domain/image-build.ts';
import type { QuorumRules } from '../../../functions/ami-approval/domain/quorum.ts';
import { noTargets } from '../../../functions/ami-approval/domain/share-targets.ts';
import { ANN, BEN, CEM, imageArn } from './approvals.ts';

// Image builds and the settings that apply to them.

export const ORGANIZATION = 'arn:aws:organizations::999999999999:organization/o-a1b2c3d4e5';
export const UNIT = 'arn:aws:organizations::999999999999:ou/o-a1b2c3d4e5/ou-f6g7-h8i9j0k1';

export function imageBuild(more: Partial<ImageBuild> = {}): ImageBuild {
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

export type Rules = SubjectRules & QuorumRules;

export function rules(more: Partial<Rules> = {}): Rules {
  const targets = {
    ...noTargets,
    accounts: ['222222222222', '111111111111', '222222222222'],
    copying: ['333333333333'],
  };
  return {
    targets,
    regions: [],
    approvers: [ANN, BEN, CEM],
    required: 1,
    excludeInitiator: false,
    ...more,
  };
}
