import type { Disruption } from './disruption.ts';
import type { MaintenanceNotice } from './maintenance.ts';

/** Why a replacement could not be launched. From a fixed vocabulary, so that event text never reaches mails. */
export const launchFailures = ['no capacity', 'limit reached', 'refused'] as const;

/** Times are epoch milliseconds. */
export interface OrderedReplacement {
  readonly kind: 'detach' | 'terminate';
  readonly group: string;
  readonly orderedAt: number;
}

export type LaunchFailure = (typeof launchFailures)[number];

/** Mails after the one about the cordon. */
export type FollowUp = 'overdue' | 'launch failed';

/** Scale-in protection that we removed. Times are epoch milliseconds. */
interface RemovedProtection {
  readonly removedAt: number;
  /** CloudTrail has reported our own change, so it would have reported others too. */
  readonly isConfirmed?: true;
  /** Somebody has set or removed the protection since. */
  readonly isTouched?: true;
}

/** What we do for a cordoned instance. A step that has an outcome in the record does not run again. */
export const cordonSteps = ['tag', 'publish', 'protect', 'drain', 'replace', 'notify'] as const;
export type CordonStep = (typeof cordonSteps)[number];
export type StepOutcomes = Readonly<Partial<Record<CordonStep, string>>>;

/** `deferred`: waits for its lead time. `uncordoning`: is being undone; a new disruption can still take it back. */
type CordonStatus = 'deferred' | 'cordoned' | 'uncordoning';

/** The targets that we deregistered, so that we can register exactly the same ones again. */
export interface DrainedTargets {
  readonly targetGroupArn: string;
  readonly targets: readonly Target[];
  /** The Auto Scaling group of the instance registers its members there. */
  readonly isOfGroup?: boolean;
  /** Some of the other targets. If none of them is left, the target group is out of use. */
  readonly otherIds?: readonly string[];
}
export interface Target {
  readonly Id: string;
  readonly Port?: number;
  readonly AvailabilityZone?: string;
  readonly QuicServerId?: string;
}

/** The record of one instance and its worst disruption. Tags, events and mails are derived from it. */
export interface CordonRecord extends Omit<Disruption, 'staleAt' | 'host'> {
  /** Changes with every write; the condition of the next one. */
  readonly revision: string;
  readonly status: CordonStatus;
  /** When a deferred cordon becomes due. */
  readonly dueAt?: number;
  readonly uncordoningSince?: number;
  /** All AWS Health events about this instance: each is a reason of its own. */
  readonly maintenance?: readonly MaintenanceNotice[];
  readonly group?: string;
  readonly steps: StepOutcomes;
  /** If the instance had scale-in protection and we removed it. */
  readonly removedProtection?: RemovedProtection;
  readonly drainedTargets?: readonly DrainedTargets[];
  readonly drainedLoadBalancers?: readonly string[];
  /** Those of them that the Auto Scaling group used then. */
  readonly drainedLoadBalancersOfGroup?: readonly string[];
  /** Further facts for the on-call engineer, such as a target group that drains too slowly. */
  readonly remarks?: readonly string[];
  /** Since when draining waits for healthy targets. */
  readonly drainHeldSince?: number;
  /** Written before the order, so it may have failed: the group's members tell. */
  readonly orderedReplacement?: OrderedReplacement;
  /** Why Auto Scaling could not launch the replacement, once we have reported it. */
  readonly launchFailure?: LaunchFailure;
  /** When we reported that the instance outlived its interruption. */
  readonly overdueSince?: number;
  /** The mails about it beyond the first, which is the step `notify`. */
  readonly mailed?: readonly FollowUp[];
}

/** A record before its write gives it a revision. */
export type CordonDraft = Omit<CordonRecord, 'revision'>;

/** Turns a deferred record that is due into a cordon like any other. */
export function activateDeferred(known: CordonDraft): CordonDraft {
  const { dueAt: _dueAt, ...rest } = known;
  return { ...rest, status: 'cordoned', steps: {} };
}

export function withOutcomes(known: CordonDraft, outcomes: StepOutcomes): CordonDraft {
  return { ...known, steps: { ...known.steps, ...outcomes } };
}

export function newRecord(disruption: Disruption): CordonDraft {
  const { staleAt: _staleAt, host: _host, ...fields } = disruption;
  return { ...fields, status: 'cordoned', steps: {} };
}

/** Whether its disruption is over. One without an expiry never is. */
export function hasExpired({ expiresAt }: Pick<CordonDraft, 'expiresAt'>, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}
