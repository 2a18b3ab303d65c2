import { isWildcardMatch } from '#shared/wildcard.ts';
import type { ImageBuild } from './image-build.ts';

/** A tag of the image: with the value `true`, the wing requests approval for the image whatever its pipeline. */
const APPROVAL_TAG = 'groundcrew:approval';

/** A name with `*` for any characters: `web-*`. */
export const NAME_PATTERN = /^[\w *-]+$/;

/** What the wing takes charge of. It never requests approval for, answers or stops anything else. */
export interface ApprovalScope {
  /** Patterns of image pipeline names. */
  readonly pipelines: readonly string[];
  /** Patterns of workflow step names. */
  readonly steps: readonly string[];
}

/** @returns why the wing must leave a build, or its workflow step, alone */
export function outOfScopeReason(
  build: Pick<ImageBuild, 'pipeline' | 'tags'>,
  scope: ApprovalScope,
  stepName?: string,
): string | undefined {
  if (stepName !== undefined && !isApprovalStep(stepName, scope))
    return `the workflow step ${stepName} matches no pattern in ApprovalSteps`;
  if (build.tags[APPROVAL_TAG] === 'true') return undefined;
  const { pipeline } = build;
  if (pipeline === undefined) return `it has no pipeline and no tag ${APPROVAL_TAG}=true`;
  return isMatchedBy(pipeline, scope.pipelines)
    ? undefined
    : `its pipeline ${pipeline} matches no pattern in Pipelines, and it has no tag ${APPROVAL_TAG}=true`;
}

export function isApprovalStep(name: string, { steps }: Pick<ApprovalScope, 'steps'>): boolean {
  return isMatchedBy(name, steps);
}

/** NAME_PATTERN allows no other special character. Image Builder writes names in lower case into ARNs, so case does not count. */
export function isMatchedBy(name: string, patterns: readonly string[]): boolean {
  return isWildcardMatch(name, patterns, 'iu');
}
