import { describe, expect, it } from 'vitest';
import type { ImageBuild } from '../../../../functions/ami-approval/domain/image-build.ts';
import { quorumOf } from '../../../../functions/ami-approval/domain/quorum.ts';
import { ANN } from '../approvals.ts';
import { imageBuild, type Rules, rules } from '../builds.ts';

describe('the quorum', () => {
  const started = (who: string, buildType = 'USER_INITIATED'): ImageBuild =>
    imageBuild({ buildType, tags: { 'groundcrew:started-by': who } });
  it.each<[string, ImageBuild, Partial<Rules>, number | string]>([
    ['is the configured number', imageBuild(), { required: 2 }, 2],
    [
      'is impossible above the number of approvers',
      imageBuild(),
      { required: 4 },
      'it needs 4 approvals, but 3',
    ],
    ['is impossible without approvers', imageBuild(), { approvers: [] }, 'it needs 1 approvals, but 0'],
    [
      'is the configured number if it is known who started the build',
      started(ANN),
      { excludeInitiator: true, required: 2 },
      2,
    ],
    [
      'does not count the approver who started the build',
      started(ANN.toUpperCase()),
      { excludeInitiator: true, required: 3 },
      'it needs 3 approvals, but 2',
    ],
    [
      'counts all approvers if another person started the build',
      started('zoe@example.com'),
      { excludeInitiator: true, required: 3 },
      3,
    ],
    [
      'is one more if it is unknown who started the build',
      imageBuild(),
      { excludeInitiator: true, required: 2 },
      3,
    ],
    [
      'names the tag that says who started the build',
      imageBuild(),
      { excludeInitiator: true, required: 3 },
      'tag the image groundcrew:started-by=',
    ],
    [
      'is the configured number for a scheduled build',
      imageBuild({ buildType: 'SCHEDULED' }),
      { excludeInitiator: true, required: 2 },
      2,
    ],
  ])('%s', (_, image, given, expected) => {
    const quorum = quorumOf(image, rules(given));
    if (typeof expected === 'number') expect(quorum).toMatchObject({ required: expected });
    else expect('impossibleReason' in quorum && quorum.impossibleReason).toContain(expected);
  });
});
