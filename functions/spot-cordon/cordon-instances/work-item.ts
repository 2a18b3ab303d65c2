import type { Change, Cordon, DrainedTargets, Step } from '../domain/cordon-record.ts';
import type { Group, Instance } from '../domain/instance.ts';
import type { Replacement } from '../domain/replacement.ts';

/** One instance on its way through a batch: what is known, what was done for it, what went wrong. */
export interface Case {
  readonly instanceId: string;
  readonly messages: readonly string[];
  readonly change: Change;
  /** A release was under way when this danger came: what it may yet undo is done again by the next delivery. */
  readonly contested: boolean;
  readonly outcomes: Partial<Record<Step, string>>;
  readonly failures: Map<Step | 'record' | 'look', unknown>;
  readonly remarks: string[];
  record: Cordon;
  instance?: Instance;
  group?: Group;
  /** False when EC2 could not be asked; then nothing is concluded from a missing instance. */
  looked: boolean;
  drain: readonly DrainedTargets[];
  drainClassic: readonly string[];
  replacement?: Replacement;
}

export function openCase(
  record: Cordon,
  about: Pick<Case, 'messages' | 'change' | 'contested'>,
  instance?: Instance,
): Case {
  return {
    instanceId: record.instanceId,
    ...about,
    outcomes: {},
    failures: new Map(),
    remarks: [],
    record,
    ...(instance && { instance }),
    looked: instance !== undefined,
    drain: [],
    drainClassic: [],
  };
}

/** Whether a step is still to be done: neither in the record nor in this run. */
export function lacks(one: Case, step: Step): boolean {
  return one.record.steps[step] === undefined && one.outcomes[step] === undefined;
}

/** Marks a step as failed for each of the cases; it is tried again with the message's next delivery. */
export function fail(cases: readonly Case[], step: Step | 'record' | 'look', error: unknown): void {
  for (const one of cases) one.failures.set(step, error);
}

/** The records as this run last saw them: where nobody wrote in between, no read is needed. */
export function knownOf(cases: readonly Case[]): ReadonlyMap<string, Cordon> {
  return new Map(cases.map((one) => [one.instanceId, one.record]));
}

export function idsOf(cases: readonly Case[]): string[] {
  return cases.map(({ instanceId }) => instanceId);
}

export function lacking(cases: readonly Case[], step: Step): Case[] {
  return cases.filter((one) => lacks(one, step));
}
