import { sha256 } from '#shared/hash.ts';
import { type BuiltAmi, type Distribution, type ImageBuild, STARTED_BY_TAG } from './image-build.ts';
import {
  formatPermission,
  formatTargets,
  normalizeTargets,
  noTargets,
  type Targets,
} from './share-targets.ts';

export interface Ami {
  readonly region: string;
  readonly id: string;
  readonly name: string;
}

/** A workflow step that waits for an answer. */
export interface WorkflowStep {
  readonly stepExecutionId: string;
  readonly name: string;
}

/** Everything that an approver sees and that their approval is bound to. */
export interface ApprovalSubject {
  readonly imageArn: string;
  readonly name: string;
  readonly version: string;
  /** The name of its image pipeline. */
  readonly pipeline?: string;
  readonly workflowStep?: WorkflowStep;
  readonly amis: readonly Ami[];
  /** AMIs of this build that are not shared: in other accounts, or in other Regions than those in the settings. */
  readonly foreignAmis: readonly string[];
  readonly targets: Targets;
  /** The targets as text for people. */
  readonly recipients: readonly string[];
  /** Who gets the AMI through the distribution settings, whatever the approvers decide. */
  readonly alreadyShared: readonly string[];
  /** The characters that an approver types to approve. */
  readonly code: string;
  readonly details: readonly BuildDetail[];
  /** The person who started the build and therefore cannot approve it. */
  readonly initiator?: string;
}

type BuildDetail = readonly [name: string, value: string];

export interface SubjectRules {
  readonly targets: Targets;
  /** The Regions whose AMIs are shared. Empty: all. */
  readonly regions: readonly string[];
  /** The person who started a build cannot approve it. */
  readonly excludeInitiator: boolean;
}

export function createSubject(
  build: ImageBuild,
  rules: SubjectRules,
  workflowStep?: WorkflowStep,
): ApprovalSubject {
  const account = accountOf(build.arn);
  const regions = workflowStep ? [] : rules.regions;
  const amis = build.amis.filter(
    ({ accountId, region }) => accountId === account && (regions.length === 0 || regions.includes(region)),
  );
  // A workflow that continues distributes by its own settings, so the configured targets do not apply.
  const targets = normalizeTargets(workflowStep ? noTargets : rules.targets);
  const distributed = formatDistributions(build.distributions);
  const startedBy = rules.excludeInitiator ? build.tags[STARTED_BY_TAG] : undefined;
  return {
    imageArn: build.arn,
    name: build.name,
    version: build.version,
    ...(build.pipeline !== undefined && { pipeline: build.pipeline }),
    ...(workflowStep && { workflowStep }),
    amis: amis.map(({ region, id, name }) => ({ region, id, name })).sort(byRegion),
    foreignAmis: build.amis
      .filter((ami) => !amis.includes(ami))
      .map(formatForeignAmi)
      .sort(),
    targets,
    recipients: workflowStep ? distributed : formatTargets(targets),
    alreadyShared: workflowStep ? [] : distributed,
    code: codeOf(build, amis),
    details: detailsOf(build),
    ...(startedBy !== undefined && { initiator: startedBy }),
  };
}

/** The account in the ARN of the image: only its AMIs can be shared from here. */
function accountOf(imageArn: string): string {
  return imageArn.split(':')[4] ?? '';
}

/** The end of the first AMI id, which people can only type after they read the page; the version if there is no AMI yet. */
function codeOf({ version }: ImageBuild, amis: readonly BuiltAmi[]): string {
  const [first] = [...amis].sort(byRegion);
  return first ? first.id.slice(-6) : version;
}

/** Two subjects have the same fingerprint if image, AMIs, targets and distribution settings are the same. */
export function fingerprintOf({
  imageArn,
  workflowStep,
  amis,
  foreignAmis,
  targets,
  recipients,
  alreadyShared,
}: ApprovalSubject): string {
  const bound = [
    imageArn,
    workflowStep?.stepExecutionId ?? '',
    amis.map(({ region, id }) => [region, id]),
    foreignAmis,
    [targets.accounts, targets.organizations, targets.organizationalUnits, targets.copying],
    recipients,
    alreadyShared,
  ];
  return sha256(JSON.stringify(bound));
}

/** Why approval is requested again, as text for the approvers. */
export function changeReason(before: ApprovalSubject, after: ApprovalSubject): string {
  const amis = ({ amis }: ApprovalSubject): string =>
    JSON.stringify(amis.map(({ id, region }) => [region, id]));
  const changed = [
    ...(amis(before) === amis(after) ? [] : ['its AMIs']),
    ...(JSON.stringify(before.targets) === JSON.stringify(after.targets) ? [] : ['its share targets']),
  ];
  return `${changed.join(' and ') || 'its distribution settings'} changed after approval was requested`;
}

/**
 * Compares the subject itself and not its stored hash: the internet-facing function can write both, and what is done
 * follows the subject. So a forged subject cannot add a target or another AMI.
 *
 * @returns what changed since the approvers saw `subject`, or undefined if the build is still the same
 */
export function driftReason(
  { subject }: { readonly subject: ApprovalSubject },
  build: ImageBuild,
  { targets, regions }: Pick<SubjectRules, 'targets' | 'regions'>,
): string | undefined {
  const rules = { targets, regions, excludeInitiator: false };
  const current = createSubject(build, rules, subject.workflowStep);
  return fingerprintOf(current) === fingerprintOf(subject) ? undefined : changeReason(subject, current);
}

function formatDistributions(distributions: readonly Distribution[]): string[] {
  return distributions
    .flatMap(({ region, permissions, copies }) => [
      ...permissions.map((permission) => `${formatPermission(permission)} in ${region}`),
      ...copies.map((account) => `account ${account} in ${region}, as its own copy`),
    ])
    .sort();
}

function detailsOf({
  recipe,
  pipeline,
  parentImage,
  osVersion,
  platform,
  buildType,
}: ImageBuild): BuildDetail[] {
  const system = [osVersion, platform].filter((part) => part !== undefined);
  const details: [string, string | undefined][] = [
    ['Recipe', recipe],
    ['Pipeline', pipeline],
    ['Parent image', parentImage],
    ['System', system.length > 0 ? [...new Set(system)].join(', ') : undefined],
    ['Build type', buildType?.toLowerCase().replaceAll('_', ' ')],
  ];
  return details.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function formatForeignAmi({ id, region, accountId }: BuiltAmi): string {
  return `${id} in ${region} of account ${accountId}`;
}

function byRegion(a: Ami, b: Ami): number {
  return a.region.localeCompare(b.region) || a.id.localeCompare(b.id);
}
