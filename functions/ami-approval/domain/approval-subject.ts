import { sha256 } from '#shared/hash.ts';
import {
  describeTargets,
  isEmpty,
  labelOf,
  noTargets,
  type Permission,
  type Targets,
  tidyTargets,
} from './share-targets.ts';

/** An image build as Image Builder describes it. */
export interface Built {
  readonly arn: string;
  readonly type: string;
  readonly name: string;
  /** Semantic version and build: `1.0.0/3`. */
  readonly version: string;
  readonly status: string;
  readonly reason?: string;
  readonly buildType?: string;
  readonly platform?: string;
  readonly osVersion?: string;
  readonly recipe?: string;
  readonly parentImage?: string;
  readonly pipeline?: string;
  readonly amis: readonly BuiltAmi[];
  readonly distributions: readonly Distribution[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface BuiltAmi {
  readonly region: string;
  readonly id: string;
  readonly name: string;
  readonly accountId: string;
}

/** What the distribution settings give away in one Region. */
export interface Distribution {
  readonly region: string;
  readonly permissions: readonly Permission[];
  /** Accounts that get copies of their own. */
  readonly copies: readonly string[];
}

export interface Ami {
  readonly region: string;
  readonly id: string;
  readonly name: string;
}

/** A workflow step that waits. */
export interface Gate {
  readonly stepExecutionId: string;
  readonly name: string;
}

/** All that an approver is shown and that his approval is bound to. */
export interface Subject {
  readonly imageArn: string;
  readonly name: string;
  readonly version: string;
  readonly gate?: Gate;
  readonly amis: readonly Ami[];
  /** AMIs of this build in other accounts, which are not ours to share. */
  readonly elsewhere: readonly string[];
  readonly targets: Targets;
  /** Who gets it, as a person reads it. */
  readonly recipients: readonly string[];
  /** What the distribution settings give away themselves, whatever is decided here. */
  readonly distributed: readonly string[];
  /** What an approver types. */
  readonly code: string;
  readonly facts: readonly Fact[];
  /** The approver who may not approve, having started the build. */
  readonly barred?: string;
}

export type Fact = readonly [name: string, value: string];

export interface SubjectRules {
  readonly targets: Targets;
  /** Whoever started the build may not approve it. */
  readonly barInitiator: boolean;
}

export interface QuorumRules {
  readonly approvers: readonly string[];
  readonly required: number;
  readonly barInitiator: boolean;
}

/** On the image, by whoever starts the build: his address. */
export const STARTED_BY = 'groundcrew:started-by';

export function describeSubject(built: Built, rules: SubjectRules, gate?: Gate): Subject {
  const account = accountOf(built.arn);
  const amis = built.amis.filter(({ accountId }) => accountId === account);
  // Whoever lets a workflow go on lets its own distribution settings go on.
  const targets = tidyTargets(gate ? noTargets : rules.targets);
  const distributed = describeDistributions(built.distributions);
  const startedBy = rules.barInitiator ? built.tags[STARTED_BY] : undefined;
  return {
    imageArn: built.arn,
    name: built.name,
    version: built.version,
    ...(gate && { gate }),
    amis: amis.map(({ region, id, name }) => ({ region, id, name })).sort(byRegion),
    elsewhere: built.amis
      .filter((ami) => !amis.includes(ami))
      .map(describeElsewhere)
      .sort(),
    targets,
    recipients: gate ? distributed : describeTargets(targets),
    distributed: gate ? [] : distributed,
    code: codeOf(built, amis),
    facts: factsOf(built),
    ...(startedBy !== undefined && { barred: startedBy }),
  };
}

/** Image Builder's ARNs name the account whose AMIs are ours to share. */
function accountOf(imageArn: string): string {
  return imageArn.split(':')[4] ?? '';
}

/** Of the AMI if there is one: it cannot be typed without looking. A build that has none yet goes by its version. */
function codeOf({ version }: Built, amis: readonly BuiltAmi[]): string {
  const [first] = [...amis].sort(byRegion);
  return first ? first.id.slice(-6) : version;
}

/** The approvals it takes, or why no votes could ever suffice. */
export function quorumOf(
  built: Built,
  { approvers, required, barInitiator }: QuorumRules,
): { readonly required: number } | { readonly why: string } {
  const startedBy = barInitiator ? built.tags[STARTED_BY]?.toLowerCase() : undefined;
  // Of so many distinct approvers at most one can be whoever started it: one more is as good as knowing who.
  const isUnknown = barInitiator && startedBy === undefined && built.buildType !== 'SCHEDULED';
  const needed = isUnknown ? required + 1 : required;
  const free = approvers.filter((address) => address.toLowerCase() !== startedBy).length;
  if (free >= needed) return { required: needed };
  const hint = isUnknown ? `; tag the image ${STARTED_BY}=<address> when you start a build` : '';
  return { why: `it takes ${needed} approvals and ${free} of the approvers may approve${hint}` };
}

/** Equal exactly when image, AMIs, targets and distribution settings are. */
export function fingerprintOf({
  imageArn,
  gate,
  amis,
  elsewhere,
  targets,
  recipients,
  distributed,
}: Subject): string {
  const bound = [
    imageArn,
    gate?.stepExecutionId ?? '',
    amis.map(({ region, id }) => [region, id]),
    elsewhere,
    [targets.accounts, targets.organizations, targets.organizationalUnits, targets.copying],
    recipients,
    distributed,
  ];
  return sha256(JSON.stringify(bound));
}

/** What differs, for the people who are asked again. */
export function whatChanged(before: Subject, after: Subject): string {
  const amis = ({ amis }: Subject): string => JSON.stringify(amis.map(({ id, region }) => [region, id]));
  const changed = [
    ...(amis(before) === amis(after) ? [] : ['its AMIs']),
    ...(JSON.stringify(before.targets) === JSON.stringify(after.targets)
      ? []
      : ['whom it is to be shared with']),
  ];
  return `${changed.join(' and ') || 'its distribution settings'} changed after the approval was asked for`;
}

export function hasTargets({ targets }: Subject): boolean {
  return !isEmpty(targets);
}

function describeDistributions(distributions: readonly Distribution[]): string[] {
  return distributions
    .flatMap(({ region, permissions, copies }) => [
      ...permissions.map((permission) => `${labelOf(permission)} in ${region}`),
      ...copies.map((account) => `account ${account} in ${region}, as a copy of its own`),
    ])
    .sort();
}

function factsOf({ recipe, pipeline, parentImage, osVersion, platform, buildType }: Built): Fact[] {
  const system = [osVersion, platform].filter((part) => part !== undefined);
  const facts: [string, string | undefined][] = [
    ['Recipe', recipe],
    ['Pipeline', pipeline],
    ['Parent image', parentImage],
    ['System', system.length > 0 ? [...new Set(system)].join(', ') : undefined],
    ['Started', buildType?.toLowerCase().replaceAll('_', ' ')],
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function describeElsewhere({ id, region, accountId }: BuiltAmi): string {
  return `${id} in ${region} of account ${accountId}`;
}

function byRegion(a: Ami, b: Ami): number {
  return a.region.localeCompare(b.region) || a.id.localeCompare(b.id);
}
