import type { PassedGate } from '../../../functions/health-gate/domain/gated-place.ts';
import type { Closure, GatedStage, Transition } from '../../../functions/health-gate/domain/gated-stage.ts';
import { toIncident } from '../../../functions/health-gate/domain/incident.ts';
import type { PassedDeployment } from '../../../functions/health-gate/domain/passed-deployment.ts';
import { issue, NOW, policy } from './examples.ts';

export const ARN = 'arn:aws:codepipeline:eu-west-1:123456789012:orders';
export const US = 'arn:aws:sts::123456789012:assumed-role/follow/FollowIncidents';

export const location = { pipeline: 'orders', pipelineArn: ARN, stage: 'Prod', executionId: 'execution-1' };

export function passedGate(about: Partial<PassedGate> = {}): PassedGate {
  return { action: 'Gate', jobId: 'job-1', at: NOW, policy: policy(), ...about };
}

export function passedDeployment(about: Partial<PassedDeployment> = {}): PassedDeployment {
  return {
    pk: 'deployments',
    sk: 'orders/Prod/execution-1',
    revision: 'revision-1',
    ...location,
    gates: [passedGate()],
    passedAt: NOW,
    notified: [],
    notifications: [],
    expires: NOW / 1000 + 86_400,
    ...about,
  };
}

export function gatedStage(closure?: Partial<Closure>): GatedStage {
  const { executionId: _, ...stage } = location;
  return {
    pk: 'stages',
    sk: 'orders/Prod',
    revision: 'revision-1',
    ...stage,
    gates: [passedGate()],
    notifications: [],
    expires: NOW / 1000 + 86_400,
    ...(closure && { closure: closureOf(closure) }),
  };
}

export function closureOf(about: Partial<Closure> = {}): Closure {
  return {
    status: 'disabled',
    incident: toIncident(issue()),
    reason: 'ours',
    claimedAt: NOW,
    changedBy: US,
    ...about,
  };
}

export function transition(about: Partial<Transition> = {}): Transition {
  return { isEnabled: false, reason: 'ours', changedBy: US, changedAt: NOW, ...about };
}
