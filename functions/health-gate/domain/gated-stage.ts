import { sha256 } from '#shared/hash.ts';
import { addGate, expiresAt, type GatedPlace, type PassedGate } from './gated-place.ts';
import type { HealthIssue } from './health-issue.ts';
import { LEASE_MS, type PipelineLocation } from './hold-record.ts';
import type { HealthStatus } from './hold-transitions.ts';
import {
  type Incident,
  type IncidentNotification,
  type IncidentNotificationKind,
  toIncident,
} from './incident.ts';
import { type ResumeSchedule, resumeAt } from './resume-schedule.ts';

/** A stage with a gate, in a pipeline whose owners let the inbound transition be disabled during incidents. */
export interface GatedStage extends GatedPlace {
  /** Set while we have disabled the transition, or are about to change it. */
  readonly closure?: Closure | undefined;
}

export type StageDraft = Omit<GatedStage, 'revision'>;

/**
 * `disabling` and `enabling` are claimed by one run until its lease ends. `left` is a transition that a person has enabled
 * during the incident: it is not disabled again for the same incident.
 */
export interface Closure {
  readonly status: 'disabling' | 'disabled' | 'enabling' | 'left';
  readonly incident: Incident;
  /** The text in the pipeline; it is different each time. */
  readonly reason: string;
  /** Time of the last claim. */
  readonly claimedAt: number;
  /** Who disabled it, as CodePipeline names us. */
  readonly changedBy?: string | undefined;
  readonly enableAt?: number | undefined;
}

/** The inbound transition of a stage, as CodePipeline shows it. */
export interface Transition {
  readonly isEnabled: boolean;
  readonly reason: string;
  readonly changedBy: string;
  /** 0 if nobody has changed it. */
  readonly changedAt: number;
}

/** The partition of the gate's table with these records. */
export const STAGES = 'stages';
/** A stage that nothing has passed for so long is forgotten. */
const RETENTION_DAYS = 90;

export function addStageGate(
  known: StageDraft | undefined,
  { pipeline, pipelineArn, stage }: PipelineLocation,
  passed: PassedGate,
): StageDraft | undefined {
  const gates = addGate(known?.gates ?? [], passed);
  if (!gates) return undefined;
  const expires = expiresAt(passed.at, RETENTION_DAYS);
  if (known) return { ...known, gates, expires: Math.max(known.expires, expires) };
  return {
    pk: STAGES,
    sk: `${pipeline}/${stage}`,
    pipeline,
    pipelineArn,
    stage,
    gates,
    notifications: [],
    expires,
  };
}

/** What to do about a stage now. */
export type StageStep =
  | { readonly kind: 'none' }
  | { readonly kind: 'disable'; readonly incident: Incident }
  /** Only the record changes: a cool-down starts or ends, or the incident of a left transition is over. */
  | { readonly kind: 'update'; readonly closure: Closure | undefined }
  | { readonly kind: 'enable' }
  /** A run has died between its claim and its result: the pipeline shows whether it made the change. */
  | { readonly kind: 'reconcile' };

/** The health status of the stage's gates, and the events that count. */
export interface StageHealth {
  readonly status: HealthStatus;
  readonly issues: readonly HealthIssue[];
}

/** Uses the cool-down of held deployments: AWS often opens an incident again. */
export function decideStep(
  { closure, sk }: StageDraft,
  { issues, status }: StageHealth,
  schedule: ResumeSchedule,
  now: number,
): StageStep {
  if (!closure) {
    const [oldest] = issues.toSorted((a, b) => a.startedAt - b.startedAt);
    return status === 'blocked' && oldest
      ? { kind: 'disable', incident: toIncident(oldest) }
      : { kind: 'none' };
  }
  switch (closure.status) {
    case 'left':
      return status === 'clear' ? { kind: 'update', closure: undefined } : { kind: 'none' };
    case 'disabled':
      return decideEnabling(closure, status, { coolDownEnd: () => resumeAt(sk, now, schedule), now });
    default:
      return now - closure.claimedAt > LEASE_MS ? { kind: 'reconcile' } : { kind: 'none' };
  }
}

function decideEnabling(
  closure: Closure,
  status: HealthStatus,
  { coolDownEnd, now }: { readonly coolDownEnd: () => number; readonly now: number },
): StageStep {
  const { enableAt } = closure;
  switch (status) {
    case 'overridden':
      return { kind: 'enable' };
    case 'blocked':
      return enableAt === undefined
        ? { kind: 'none' }
        : { kind: 'update', closure: withoutCoolDown(closure) };
    case 'unknown':
      // A cool-down that ends while AWS Health cannot be read starts again.
      return enableAt === undefined || enableAt > now
        ? { kind: 'none' }
        : { kind: 'update', closure: { ...closure, enableAt: coolDownEnd() } };
    case 'clear':
      if (enableAt === undefined) return { kind: 'update', closure: { ...closure, enableAt: coolDownEnd() } };
      return enableAt <= now ? { kind: 'enable' } : { kind: 'none' };
  }
}

function withoutCoolDown({ enableAt: _, ...closure }: Closure): Closure {
  return closure;
}

/** The claim that a run writes before it disables the transition. */
export function claimDisabling({ sk }: StageDraft, incident: Incident, now: number): Closure {
  return { status: 'disabling', incident, reason: formatReason(sk, incident, now), claimedAt: now };
}

/** After a run has died: the closure as the pipeline shows it, and the notification for people. */
export function reconcile(
  closure: Closure,
  transition: Transition | undefined,
): { readonly closure: Closure | undefined; readonly notification?: IncidentNotificationKind } {
  if (!transition) return { closure: undefined };
  if (closure.status === 'disabling') {
    if (isOurs(closure, transition))
      return { closure: toDisabled(closure, transition), notification: 'disabled' };
    const isLeft = transition.isEnabled && transition.changedAt > closure.claimedAt;
    return { closure: isLeft ? { ...closure, status: 'left' } : undefined };
  }
  if (isOurs(closure, transition)) return { closure: { ...closure, status: 'disabled' } };
  const isEnabledByUs = transition.isEnabled && transition.changedBy === closure.changedBy;
  return { closure: undefined, ...(isEnabledByUs && { notification: 'enabled' as const }) };
}

export function toDisabled(closure: Closure, { changedBy }: Pick<Transition, 'changedBy'>): Closure {
  return { ...closure, status: 'disabled', changedBy };
}

/** Whether the transition is still as we left it. */
export function isOurs({ changedBy, reason }: Closure, transition: Transition): boolean {
  const isSamePerson = changedBy === undefined || transition.changedBy === changedBy;
  return !transition.isEnabled && transition.reason === reason && isSamePerson;
}

export function stageNotification(
  { pipeline, stage }: StageDraft,
  kind: IncidentNotificationKind,
  { incident }: Closure,
): IncidentNotification {
  return { kind, incident, pipeline, stage };
}

/** CodePipeline accepts only letters, digits and a few signs, and at most 300 characters. */
function formatReason(stage: string, { arn, region, service, startedAt }: Incident, now: number): string {
  const id = sha256(`${stage} ${arn} ${now}`, 12);
  const since = new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ').replace(':', '.');
  const text = `AWS incident ${service} in ${region} since ${since} UTC. Groundcrew health-gate enables it again when the incident is over`;
  return `${text.replaceAll(/[^a-zA-Z0-9!@ ().*?-]/g, ' ')} (${id})`;
}
