import { createHash } from 'node:crypto';

/** How fast deployments follow an incident's end; milliseconds. */
export interface ResumeSchedule {
  /** How long AWS Health must stay clear, since events are often opened again. */
  readonly coolDownMs: number;
  /** Over how long those that were held by one incident are spread: the Region has only just recovered. */
  readonly jitterMs: number;
}

/**
 * When to resume a deployment. Its place in the spread hangs on its name alone, so that nothing moves however often
 * this is worked out. Names hold the execution, so that no pipeline is the last one each time.
 */
export function resumeAt(
  deployment: string,
  clearSince: number,
  { coolDownMs, jitterMs }: ResumeSchedule,
): number {
  return clearSince + coolDownMs + Math.floor(jitterFraction(deployment) * jitterMs);
}

/** The sweep comes this often: what is overdue by more went without anybody's looking. */
export const SWEEP_INTERVAL_MS = 300_000;

/** Its place in a spread that begins now: for those that came due together while nobody could look. */
export function jitteredTime(deployment: string, now: number, { jitterMs }: ResumeSchedule): number {
  return resumeAt(deployment, now, { coolDownMs: 0, jitterMs });
}

/** From 0 to 1, evenly over many names. */
function jitterFraction(deployment: string): number {
  return createHash('sha256').update(deployment).digest().readUInt32BE() / 2 ** 32;
}
