import type { CordonRecord, CordonStep, DrainedTargets } from '../domain/cordon-record.ts';
import type { AutoScalingGroup, Instance } from '../domain/instance.ts';
import type { RecordChange } from '../domain/merge-disruptions.ts';
import { keepsProtectionReason } from '../domain/protection.ts';
import type { Replacement } from '../domain/replacement.ts';

/** What can fail for an instance: a step, the write of its record, or EC2's description of it. */
export type FailedStep = CordonStep | 'record' | 'describe';

/** One instance on its way through a batch: what we know about it, what we did, and what failed. */
export interface WorkItem {
  readonly instanceId: string;
  readonly messageIds: readonly string[];
  readonly change: RecordChange;
  /** UncordonInstances was undoing this cordon when the disruption came. The next delivery repeats what it may undo. */
  readonly uncordonInProgress: boolean;
  readonly outcomes: Partial<Record<CordonStep, string>>;
  readonly failures: Map<FailedStep, unknown>;
  readonly remarks: string[];
  record: CordonRecord;
  instance?: Instance;
  group?: AutoScalingGroup;
  /** False if EC2 did not answer: then a missing instance means nothing. */
  described: boolean;
  /** Where the instance is registered and will be deregistered. */
  targets: readonly DrainedTargets[];
  classicLoadBalancers: readonly string[];
  /** For each target group or Classic Load Balancer with this instance: the keys of its healthy targets. */
  readonly healthyTargets: Map<string, ReadonlySet<string>>;
  /** Where the instance must stay for now, because too few healthy targets would remain. */
  heldPools: readonly string[];
  replacement?: Replacement;
}

export function createWorkItem(
  record: CordonRecord,
  about: Pick<WorkItem, 'messageIds' | 'change' | 'uncordonInProgress'>,
  instance?: Instance,
): WorkItem {
  return {
    instanceId: record.instanceId,
    ...about,
    outcomes: {},
    failures: new Map(),
    remarks: [],
    record,
    ...(instance && { instance }),
    described: instance !== undefined,
    targets: [],
    classicLoadBalancers: [],
    healthyTargets: new Map(),
    heldPools: [],
  };
}

/** Whether the step has no outcome yet, neither in the record nor in this invocation. */
export function isStepPending(item: WorkItem, step: CordonStep): boolean {
  return item.record.steps[step] === undefined && item.outcomes[step] === undefined;
}

export function withPendingStep(items: readonly WorkItem[], step: CordonStep): WorkItem[] {
  return items.filter((item) => isStepPending(item, step));
}

/** Whether the instance waits until it may leave a target group. */
export function isHeld({ heldPools }: WorkItem): boolean {
  return heldPools.length > 0;
}

/** Whether the instance has scale-in protection that is to be removed. */
export function shouldLoseProtection({ record, instance, group }: WorkItem): boolean {
  return keepsProtectionReason(record, instance, group) === undefined;
}

/** Records the failure in each item. The next delivery of its messages tries the step again. */
export function recordFailure(items: readonly WorkItem[], step: FailedStep, error: unknown): void {
  for (const item of items) item.failures.set(step, error);
}

/** The records as this invocation last saw them. If nobody wrote in between, an update needs no read. */
export function recordsById(items: readonly WorkItem[]): ReadonlyMap<string, CordonRecord> {
  return new Map(items.map((item) => [item.instanceId, item.record]));
}

export function idsOf(items: readonly WorkItem[]): string[] {
  return items.map(({ instanceId }) => instanceId);
}
