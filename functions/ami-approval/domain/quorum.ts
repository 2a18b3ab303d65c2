import { type ImageBuild, STARTED_BY_TAG } from './image-build.ts';

export interface QuorumRules {
  readonly approvers: readonly string[];
  readonly required: number;
  /** The person who started a build cannot approve it. */
  readonly excludeInitiator: boolean;
}

/** @returns how many approvals a build needs, or why it could never get that many */
export function quorumOf(
  build: ImageBuild,
  { approvers, required, excludeInitiator }: QuorumRules,
): { readonly required: number; readonly extraApprovals?: number } | { readonly impossibleReason: string } {
  const startedBy = excludeInitiator ? build.tags[STARTED_BY_TAG]?.toLowerCase() : undefined;
  // At most one of the approvers started the build, so one more approval is as safe as knowing who did.
  const isUnknown = excludeInitiator && startedBy === undefined && build.buildType !== 'SCHEDULED';
  const needed = isUnknown ? required + 1 : required;
  const eligible = approvers.filter((address) => address.toLowerCase() !== startedBy).length;
  if (eligible >= needed) return { required: needed, ...(isUnknown && { extraApprovals: 1 }) };
  const hint = isUnknown ? `, or tag the image ${STARTED_BY_TAG}=<address> when you start a build` : '';
  return {
    impossibleReason: `it needs ${needed} approvals, but ${eligible} of the approvers can approve it. Add approvers${hint}`,
  };
}
