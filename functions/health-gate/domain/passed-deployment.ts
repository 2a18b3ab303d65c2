import { addGate, expiresAt, type GatedPlace, type PassedGate } from './gated-place.ts';
import type { HealthIssue } from './health-issue.ts';
import type { PipelineLocation } from './hold-record.ts';
import {
  type Incident,
  type IncidentNotification,
  type IncidentNotificationKind,
  toIncident,
} from './incident.ts';

/** A deployment that the gate let through, in a pipeline whose owners asked to be notified. */
export interface PassedDeployment extends GatedPlace {
  readonly executionId: string;
  /** The last pass of its gates. */
  readonly passedAt: number;
  readonly notified: readonly NotifiedIncident[];
}

interface NotifiedIncident {
  readonly incident: Incident;
  readonly isOver?: true;
}

export type DeploymentDraft = Omit<PassedDeployment, 'revision'>;

/** The partition of the gate's table with these records. */
export const DEPLOYMENTS = 'deployments';

/** After the window; longer if its owners were notified, because an incident may last. */
const RETENTION_DAYS = 2;
const NOTIFIED_RETENTION_DAYS = 90;

export function addPass(
  known: DeploymentDraft | undefined,
  location: PipelineLocation,
  passed: PassedGate,
): DeploymentDraft | undefined {
  const gates = addGate(known?.gates ?? [], passed);
  if (!gates) return undefined;
  const passedAt = Math.max(...gates.map(({ at }) => at));
  const expires = Math.max(known?.expires ?? 0, expiresAt(passedAt, RETENTION_DAYS));
  if (known) return { ...known, gates, passedAt, expires };
  const sk = `${location.pipeline}/${location.stage}/${location.executionId}`;
  return { pk: DEPLOYMENTS, sk, ...location, gates, passedAt, expires, notified: [], notifications: [] };
}

/** Whether an incident that begins now, or the end of one, concerns the deployment. */
export function isFollowed(
  { notifications, passedAt, notified }: DeploymentDraft,
  windowMs: number,
  now: number,
): boolean {
  return now - passedAt <= windowMs || notified.some(({ isOver }) => !isOver) || notifications.length > 0;
}

/** The events that count for the deployment now, and whether the list is complete. */
export interface CountingEvents {
  readonly issues: readonly HealthIssue[];
  readonly isComplete: boolean;
}

export interface DeploymentUpdate {
  readonly draft: DeploymentDraft;
  readonly notifications: readonly IncidentNotification[];
}

/**
 * Decides which notifications the owners get: each incident once when it begins and once when it is over. The draft has no pending
 * notifications, because the write claims them. @returns undefined if there is nothing to notify about
 */
export function decideNotifications(
  known: DeploymentDraft,
  { isComplete, issues }: CountingEvents,
  windowMs: number,
  now: number,
): DeploymentUpdate | undefined {
  const { passedAt, notified } = known;
  const isKnown = ({ arn }: Incident): boolean => notified.some(({ incident }) => incident.arn === arn);
  const isOpen = ({ arn }: Incident): boolean => issues.some((issue) => issue.arn === arn);
  const begun = issues
    .filter(
      (issue) => !isKnown(issue) && issue.startedAt - passedAt <= windowMs && now - passedAt <= windowMs,
    )
    .map(toIncident);
  const ended = notified.filter(({ incident, isOver }) => isComplete && !isOver && !isOpen(incident));
  const toNotification = (kind: IncidentNotificationKind) => (incident: Incident) =>
    notificationOf(known, kind, incident);
  const notifications = [
    ...known.notifications,
    ...begun.map(toNotification('passed')),
    ...ended.map(({ incident }) => incident).map(toNotification('over')),
  ];
  if (notifications.length === 0) return undefined;
  const notifiedNow = notified.map((one) => (ended.includes(one) ? { ...one, isOver: true as const } : one));
  const expires = begun.length > 0 ? expiresAt(now, NOTIFIED_RETENTION_DAYS) : known.expires;
  const added = begun.map((incident) => ({ incident }));
  return {
    draft: { ...known, notified: [...notifiedNow, ...added], notifications: [], expires },
    notifications,
  };
}

function notificationOf(
  { executionId, passedAt, pipeline, stage }: DeploymentDraft,
  kind: IncidentNotificationKind,
  incident: Incident,
): IncidentNotification {
  return { kind, incident, pipeline, stage, executionId, passedAt };
}
