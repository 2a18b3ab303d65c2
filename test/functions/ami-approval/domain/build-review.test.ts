import { describe, expect, it } from 'vitest';
import {
  type BuildReview,
  formatChecks,
  formatComparison,
  latestResult,
  type ReviewSources,
  reviewOf,
  type TestRun,
} from '../../../../functions/ami-approval/domain/build-review.ts';
import { imageArn, NOW } from '../approvals.ts';
import { imageBuild } from '../builds.ts';

const none: ReviewSources = {
  facts: { components: [] },
  testRuns: [],
  scanResult: undefined,
  approved: undefined,
  accountNames: {},
};
const counts = { all: 0, critical: 0, high: 0, medium: 0 };

function checksOf(review: BuildReview, found?: object): Record<string, string> {
  const findings = found && {
    image: '',
    part: 'findings',
    revision: '',
    at: NOW,
    counts: { ...counts, ...found },
  };
  return Object.fromEntries(formatChecks(review, findings));
}

describe('the scan', () => {
  it.each([
    [undefined, undefined, 'no scan'],
    ['COMPLETED', undefined, 'finished, but Image Builder did not say what it found'],
    ['SCANNING', undefined, 'not finished when approval was requested'],
    ['TIMED_OUT', undefined, 'no result: the scan ended as timed_out'],
    ['SCANNING', {}, 'clean, no vulnerabilities found, as of Sat, 21 Nov 2026, 12:00 UTC'],
    [undefined, { all: 3, high: 1 }, '1 high; 3 in total, as of Sat, 21 Nov 2026, 12:00 UTC'],
  ])('with the status %s and the findings %j is %s', (scan, found, text) => {
    const review = reviewOf(imageBuild(scan === undefined ? {} : { scan }), none);
    expect(checksOf(review, found)).toMatchObject({ Scan: text });
  });
});

describe('the result of a scan', () => {
  const at = (time: number, all: number) => ({ at: time, counts: { ...counts, all } });

  it('is clean if the finished scan found nothing', () => {
    const review = reviewOf(imageBuild({ scan: 'COMPLETED' }), { ...none, scanResult: at(NOW, 0) });
    expect(checksOf(review)).toMatchObject({
      Scan: 'clean, no vulnerabilities found, as of Sat, 21 Nov 2026, 12:00 UTC',
    });
  });

  it('is the newer one of an event and of the request', () => {
    const review = reviewOf(imageBuild(), { ...none, scanResult: at(NOW, 1) });
    expect(latestResult(review, at(NOW - 1, 2))?.counts.all).toBe(1);
    expect(latestResult(review, at(NOW + 1, 2))?.counts.all).toBe(2);
    expect(latestResult(undefined, at(NOW, 2))?.counts.all).toBe(2);
    expect(latestResult(review, undefined)?.counts.all).toBe(1);
  });
});

describe('the tests', () => {
  const run = (more: Partial<TestRun> = {}): TestRun => ({
    status: 'COMPLETED',
    steps: 3,
    succeeded: 3,
    ...more,
  });
  it.each<[string, readonly TestRun[] | undefined, object, string, boolean]>([
    [
      'are unknown if Image Builder did not list them',
      undefined,
      {},
      'unknown, because Image Builder did not list them',
      false,
    ],
    ['passed', [run(), run({ steps: 2, succeeded: 2 })], {}, 'passed: 5 of 5 steps succeeded', false],
    [
      'are running',
      [run(), run({ status: 'RUNNING', succeeded: 1 })],
      {},
      'not finished: 4 of 6 steps succeeded',
      false,
    ],
    [
      'failed, although the image is available',
      [run(), run({ status: 'FAILED', message: 'step Reboot\ntimed out' })],
      {},
      '1 of 2 test workflows failed: step Reboot timed out',
      true,
    ],
    ['are switched off', [], { testsEnabled: false }, 'none: the pipeline has no tests', false],
    ['have not run', [], { testsEnabled: true }, 'none have run yet', false],
  ])('%s', (_, testRuns, build, text, isFailed) => {
    expect(reviewOf(imageBuild(build), { ...none, testRuns }).tests).toEqual({ text, isFailed });
  });
});

describe('who started it', () => {
  it.each([
    [{ tags: { 'groundcrew:started-by': 'dan@example.com' } }, 'dan@example.com'],
    [{ buildType: 'SCHEDULED' }, 'the schedule of its pipeline'],
    [{ buildType: 'USER_INITIATED' }, 'unknown, because the image has no tag groundcrew:started-by'],
  ])('for %j is %s', (build, text) => {
    expect(reviewOf(imageBuild(build), none).startedBy).toBe(text);
  });
});

describe('the comparison', () => {
  const approved = {
    image: '',
    part: 'approved',
    revision: '',
    imageArn: imageArn.replace(/7$/, '6'),
    version: '1.4.0/6',
    at: NOW,
    facts: { recipe: 'web 1.0.0', components: [] },
  };

  it('names the build that was approved last', () => {
    const sources = { ...none, approved, facts: { recipe: 'web 1.1.0', components: [] } };
    expect(formatComparison(reviewOf(imageBuild(), sources))).toEqual({
      heading: 'Changed since 1.4.0/6, approved on Sat, 21 Nov 2026, 12:00 UTC',
      lines: ['Recipe: web 1.1.0, was web 1.0.0', 'Packages: not known for this build'],
    });
  });

  it('says so if there is none, or if it is the same build', () => {
    expect(formatComparison(reviewOf(imageBuild(), none))?.lines).toEqual([
      'No earlier build of this pipeline was approved here',
    ]);
    const same = { ...none, approved: { ...approved, imageArn } };
    expect(formatComparison(reviewOf(imageBuild(), same))?.lines).toEqual([
      'It is the same build, approved at an earlier step',
    ]);
  });
});
