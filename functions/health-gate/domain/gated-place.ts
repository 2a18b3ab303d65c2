import type { IncidentNotification } from './incident.ts';
import type { GateParameters, Policy } from './policy.ts';

/** A gate action and the policy with which it let a deployment through. */
export interface PassedGate {
  readonly action: string;
  readonly jobId: string;
  readonly at: number;
  readonly policy: Policy;
  readonly source?: GateParameters | undefined;
}

/** What FollowIncidents remembers of a deployment or of a stage: an item of the gate's table. */
export interface GatedPlace {
  readonly pk: string;
  readonly sk: string;
  /** Changes with every write and is the condition of the next one. */
  readonly revision: string;
  readonly pipeline: string;
  readonly pipelineArn: string;
  readonly stage: string;
  readonly gates: readonly PassedGate[];
  /** Notices whose mail SNS refused. */
  readonly notifications: readonly IncidentNotification[];
  /** When DynamoDB may delete it; epoch seconds. */
  readonly expires: number;
}

/** Keeps the latest pass of each gate. @returns undefined for a known or an older pass */
export function addGate(gates: readonly PassedGate[], passed: PassedGate): readonly PassedGate[] | undefined {
  const known = gates.find(({ action }) => action === passed.action);
  if (known && known.at >= passed.at) return undefined;
  return [...gates.filter((gate) => gate !== known), passed];
}

export function expiresAt(now: number, days: number): number {
  return Math.ceil(now / 1000) + days * 86_400;
}
