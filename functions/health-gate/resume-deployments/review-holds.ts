import type { ResumeContext } from '../context.ts';
import { type HoldRecord, isBusy, isOpen, isTooOld } from '../domain/hold-record.ts';
import { applyHealthStatus, canResume } from '../domain/hold-transitions.ts';
import { evaluateGates, type GatesEvaluation } from '../evaluate-gates.ts';
import { logHealthStatus } from './log.ts';
import type { HoldSelection } from './select-holds.ts';
import { updateHolds } from './update-holds.ts';

/** What a run knows about due holds. */
export interface DueHoldsContext {
  readonly evaluations: ReadonlyMap<string, GatesEvaluation>;
  readonly named: ReadonlySet<string>;
}

export interface ReviewedHolds extends DueHoldsContext {
  readonly due: readonly HoldRecord[];
  readonly waiting: readonly HoldRecord[];
  /** The waiting holds that need a reminder. */
  readonly toRemind: readonly HoldRecord[];
  readonly ended: readonly HoldRecord[];
}

/** Reads AWS Health, starts and ends cool-downs accordingly, and says which holds are due. */
export async function reviewHolds(
  context: ResumeContext,
  { fresh, holds, named, remindAll }: HoldSelection,
): Promise<ReviewedHolds> {
  const now = context.invocation.now();
  const open = holds.filter((hold) => isOpen(hold) && (!isBusy(hold, now) || named.has(hold.deployment)));
  const rules = new Map(open.map(({ actions, deployment }) => [deployment, actions]));
  const dueContext = { evaluations: await evaluateGates(context, rules, fresh), named };
  const changed = await applyHealthStatuses(context, open, dueContext.evaluations);
  const current = open.map((hold) => changed.get(hold.deployment) ?? hold);
  const due = new Set(current.filter((hold) => isDue(hold, context, dueContext)));
  const waiting = current.filter((hold) => !due.has(hold));
  const toRemind = remindAll ? waiting : waiting.filter(({ deployment }) => changed.has(deployment));
  const ended = holds.filter((hold) => !isOpen(hold));
  return { ...dueContext, due: [...due], waiting, toRemind, ended };
}

/** @returns the holds that changed */
async function applyHealthStatuses(
  { config, invocation, holds }: ResumeContext,
  open: readonly HoldRecord[],
  evaluations: ReadonlyMap<string, GatesEvaluation>,
): Promise<ReadonlyMap<string, HoldRecord>> {
  const now = invocation.now();
  const next = (hold: HoldRecord) => {
    const evaluation = evaluations.get(hold.deployment);
    const changed = evaluation && applyHealthStatus(hold, evaluation.status, config, now);
    return changed && evaluation.status === 'overridden'
      ? { ...changed, resumeReason: evaluation.text }
      : changed;
  };
  const toUpdate = new Map(open.filter(next).map((hold) => [hold.deployment, hold]));
  if (toUpdate.size === 0 || config.dryRun) return new Map();
  const { updated } = await updateHolds(
    holds,
    [...toUpdate.keys()],
    // If the record changed during this time, the next sweep decides about the new version.
    (known, id) => {
      const draft = known && known.revision === toUpdate.get(id)?.revision ? next(known) : undefined;
      return draft && { draft, data: evaluations.get(id)?.text ?? '' };
    },
    toUpdate,
  );
  for (const { hold, data } of updated) logHealthStatus(invocation, hold, data);
  return new Map(updated.map(({ hold }) => [hold.deployment, hold]));
}

/** Due by its retry time, its age, or an expired claim. */
function isDue(
  hold: HoldRecord,
  { config, invocation }: Pick<ResumeContext, 'config' | 'invocation'>,
  { evaluations, named }: DueHoldsContext,
): boolean {
  const now = invocation.now();
  if (hold.status === 'retrying') return !isBusy(hold, now) || named.has(hold.deployment);
  if (isTooOld(hold, config, now)) return true;
  const isClear = canResume(evaluations.get(hold.deployment)?.status);
  return hold.status === 'cooling down' && isClear && (hold.retryAt ?? 0) <= now;
}
