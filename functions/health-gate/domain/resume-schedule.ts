import { sha256 } from '#shared/hash.ts';

/** How fast deployments resume after an incident; milliseconds. */
export interface ResumeSchedule {
  /** How long AWS Health must stay clear: AWS often opens an incident again. */
  readonly coolDownMs: number;
  /** Deployments held by one incident are spread over this time, to spare a Region that has just recovered. */
  readonly jitterMs: number;
}

/**
 * When to resume a deployment. The random part depends only on its name, so repeated calls give the same time. The name
 * contains the execution, so no pipeline is always the last.
 */
export function resumeAt(
  deployment: string,
  clearSince: number,
  { coolDownMs, jitterMs }: ResumeSchedule,
): number {
  return clearSince + coolDownMs + Math.floor(jitterFraction(deployment) * jitterMs);
}

/** The interval of the scheduled sweep. A hold that is overdue by more was missed by every run. */
export const SWEEP_INTERVAL_MS = 300_000;

/** A random time that starts now, for deployments that became due together while nothing ran. */
export function jitteredTime(deployment: string, now: number, { jitterMs }: ResumeSchedule): number {
  return resumeAt(deployment, now, { coolDownMs: 0, jitterMs });
}

/** From 0 to 1, evenly distributed over names. */
function jitterFraction(deployment: string): number {
  return Number.parseInt(sha256(deployment, 8), 16) / 2 ** 32;
}
