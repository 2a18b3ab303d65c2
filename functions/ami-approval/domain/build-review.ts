import { formatCount } from '#shared/count.ts';
import { formatTime } from '#shared/time.ts';
import type { ApprovedBuild } from './approved-build.ts';
import { type BuildFacts, describeChanges } from './build-facts.ts';
import { type ImageBuild, STARTED_BY_TAG } from './image-build.ts';
import { toSingleLine } from './plain-text.ts';
import { formatFindings, type ScanResult } from './scan-findings.ts';
import { type AccountNames, nameAccounts } from './share-targets.ts';

/** What helps approvers to decide. It is read once, when approval is requested. No approval is bound to it. */
export interface BuildReview {
  /** The status of the scan, as Image Builder names it. Undefined: the image is not scanned. */
  readonly scan?: string;
  /** What a scan had found when approval was requested. */
  readonly scanResult?: ScanResult;
  readonly tests: TestResult;
  readonly startedBy: string;
  /** The changes since the last approved build of the same pipeline. Undefined: there is none. */
  readonly comparison?: Comparison;
  readonly accountNames?: AccountNames;
  readonly facts: BuildFacts;
}

interface TestResult {
  readonly text: string;
  readonly isFailed: boolean;
}

interface Comparison {
  readonly version: string;
  readonly at: number;
  readonly lines: readonly string[];
}

/** A test workflow of the build, as Image Builder describes it. */
export interface TestRun {
  readonly status: string;
  readonly message?: string;
  readonly steps: number;
  readonly succeeded: number;
}

export interface ReviewSources {
  readonly facts: BuildFacts;
  /** Undefined if Image Builder did not say. */
  readonly testRuns: readonly TestRun[] | undefined;
  readonly scanResult: ScanResult | undefined;
  readonly approved: ApprovedBuild | undefined;
  readonly accountNames: AccountNames;
}

export function reviewOf(
  build: ImageBuild,
  { facts, testRuns, scanResult, approved, accountNames }: ReviewSources,
): BuildReview {
  return {
    ...(build.scan !== undefined && { scan: build.scan }),
    ...(scanResult && { scanResult }),
    tests: testResultOf(build, testRuns),
    startedBy: startedByOf(build),
    ...(approved && { comparison: compare(approved, build, facts) }),
    ...(Object.keys(accountNames).length > 0 && { accountNames }),
    facts,
  };
}

function compare(approved: ApprovedBuild, build: ImageBuild, facts: BuildFacts): Comparison {
  const { version, at } = approved;
  const isSame = approved.imageArn === build.arn;
  const lines = isSame
    ? ['It is the same build, approved at an earlier step']
    : describeChanges(approved.facts, facts);
  return { version, at, lines };
}

function startedByOf({ tags, buildType }: ImageBuild): string {
  const address = tags[STARTED_BY_TAG];
  if (address !== undefined && address !== '') return toSingleLine(address, 200);
  if (buildType === 'SCHEDULED') return 'the schedule of its pipeline';
  return `unknown, because the image has no tag ${STARTED_BY_TAG}`;
}

const unfinished = ['PENDING', 'RUNNING'];

/** An image can be available although a test failed: a workflow can say `onFailure: CONTINUE`. */
function testResultOf({ testsEnabled }: ImageBuild, runs: readonly TestRun[] | undefined): TestResult {
  if (!runs) return { text: 'unknown, because Image Builder did not list them', isFailed: false };
  if (runs.length === 0) {
    const text = testsEnabled === false ? 'none: the pipeline has no tests' : 'none have run yet';
    return { text, isFailed: false };
  }
  const failed = runs.filter(({ status }) => status !== 'COMPLETED' && !unfinished.includes(status));
  if (failed.length > 0) {
    const message =
      failed.flatMap(({ message: text }) => (text ? [`: ${toSingleLine(text, 200)}`] : []))[0] ?? '';
    return {
      text: `${failed.length} of ${formatCount(runs.length, 'test workflow')} failed${message}`,
      isFailed: true,
    };
  }
  const steps = sum(runs.map((run) => run.steps));
  const done = `${sum(runs.map((run) => run.succeeded))} of ${formatCount(steps, 'step')} succeeded`;
  const isRunning = runs.some(({ status }) => unfinished.includes(status));
  return { text: isRunning ? `not finished: ${done}` : `passed: ${done}`, isFailed: false };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** What is known about the build, by name. Empty for a request from before this was known. */
export function formatChecks(
  review: BuildReview | undefined,
  findings: ScanResult | undefined,
): (readonly [name: string, text: string])[] {
  if (!review) return findings ? [['Scan', formatScan(undefined, findings)]] : [];
  return [
    ['Scan', formatScan(review.scan, latestResult(review, findings))],
    ['Tests', review.tests.text],
    ['Started by', review.startedBy],
  ];
}

/** Findings also arrive as events, before or after the request. */
export function latestResult(
  review: BuildReview | undefined,
  findings: ScanResult | undefined,
): ScanResult | undefined {
  const known = review?.scanResult;
  if (!known || !findings) return known ?? findings;
  return findings.at >= known.at ? findings : known;
}

function formatScan(status: string | undefined, result: ScanResult | undefined): string {
  if (result) {
    const text = formatFindings(result) ?? 'clean, no vulnerabilities found';
    return `${text}, as of ${formatTime(result.at)}`;
  }
  switch (status) {
    case undefined:
      return 'no scan';
    case 'COMPLETED':
      return 'finished, but Image Builder did not say what it found';
    case 'PENDING':
    case 'SCANNING':
    case 'COLLECTING':
      return 'not finished when approval was requested';
    default:
      return `no result: the scan ended as ${status.toLowerCase()}`;
  }
}

/** Heading and lines: what changed since the last approved build. */
export function formatComparison(
  review: BuildReview | undefined,
): { readonly heading: string; readonly lines: readonly string[] } | undefined {
  if (!review) return undefined;
  const { comparison } = review;
  if (!comparison)
    return { heading: 'Changes', lines: ['No earlier build of this pipeline was approved here'] };
  const { version, at, lines } = comparison;
  return { heading: `Changed since ${version}, approved on ${formatTime(at)}`, lines };
}

/** Adds the names of accounts to texts that mention their ids. */
export function withAccountNames(
  lines: readonly string[],
  review: BuildReview | undefined,
): readonly string[] {
  return lines.map((line) => nameAccounts(line, review?.accountNames ?? {}));
}
