import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { Plan } from '../domain/plan.ts';
import { type RunOutcome, toCounts, toResponse } from './response.ts';
import type { ReconcileRun } from './run-context.ts';

/** Logs what a dry run would do. @returns the response */
export function reportPlan(
  { scope }: ReconcileRun,
  about: Omit<RunOutcome, 'applied' | 'continues'>,
  { logger }: Invocation,
): object {
  logger.info('reconcile planned', { ...scope, ...toCounts(about), ...sampleNames(about.plan) });
  return toResponse({ ...about, continues: false });
}

function sampleNames(decided: Plan) {
  const names = (alarms: readonly { readonly name: string }[]) => alarms.slice(0, 20).map(({ name }) => name);
  return {
    create: names(decided.create),
    update: names(decided.update.map(({ alarm }) => alarm)),
    delete: names(decided.delete),
  };
}

/** Logs and counts what a run did, and what it left. @returns the response */
export function reportOutcome(
  { scope }: ReconcileRun,
  outcome: RunOutcome,
  { logger, metrics }: Invocation,
): object {
  const { applied, continues } = outcome;
  const about = { ...scope, ...toCounts(outcome), ...applied, refused: applied?.refused.length, continues };
  const left = applied?.pending ?? 0;
  if (left > 0 && !continues) logger.warn('reconcile incomplete: the next scheduled run continues', about);
  else logger.info(left > 0 ? 'reconcile incomplete: a follow-up continues' : 'reconcile completed', about);
  if (outcome.overMaximum > 0)
    logger.error(
      'alarms not created: MaxAlarms reached (docs/operating.md: "Disk alarms reach their maximum")',
      {
        missing: outcome.overMaximum,
      },
    );
  addCount(metrics, 'AlarmsOverMaximum', outcome.overMaximum);
  // Only a run over all instances counts: others would report parts of the same number.
  if ('fleet' in scope) {
    addCount(metrics, 'InstancesWithoutMetrics', outcome.unmonitored.length);
    addCount(metrics, 'DisksWithoutSize', outcome.unsized.length);
  }
  addCount(metrics, 'TopicsUnusable', outcome.unusableTopics.length);
  addCount(metrics, 'ChangesPending', left);
  addCount(metrics, 'Skipped', outcome.plan.skipped.length);
  return toResponse(outcome);
}
