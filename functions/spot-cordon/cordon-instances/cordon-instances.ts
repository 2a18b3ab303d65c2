import { RetryableError } from '#shared/errors.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { CordonConfig } from '../config.ts';
import type { Run } from '../context.ts';
import { describe } from '../messages/log.ts';
import type { Notice } from './event.ts';
import { sortBatch } from './group-batch.ts';
import { reportCase, reportDropped, reportDryRun } from './log.ts';
import { type Opened, openCases } from './record-disruptions.ts';
import { recordRemovals } from './record-removals.ts';
import { attempt } from './run-step.ts';
import { finish } from './save-outcomes.ts';
import { tag, tellSchedulers } from './steps/announce.ts';
import { look, settleGone } from './steps/describe.ts';
import { drain, findTargets } from './steps/drain.ts';
import { planReplacements, replace, unprotect } from './steps/replace.ts';
import type { Case } from './work-item.ts';

/**
 * Cordons every instance that the batch names: the record first, then mark, look, tell, drain and replace side by
 * side. A step that fails does not stop the others; its messages come again until their notice is over.
 */
export async function cordonInstances(
  deliveries: readonly QueueMessage<Notice>[],
  config: CordonConfig,
  invocation: Invocation,
): Promise<BatchResult> {
  const run: Run = {
    config,
    invocation,
    use: { table: config.table, key: 'instanceId', signal: invocation.signal },
  };
  const intake = sortBatch(deliveries, invocation.now());
  reportDropped(invocation, intake.dropped);
  const opened = await openCases(run, intake);
  if (config.dryRun) await rehearse(run, opened.cases);
  else if (opened.cases.length > 0) await perform(run, opened.cases);
  return conclude(run, opened);
}

async function perform(run: Run, cases: readonly Case[]): Promise<void> {
  await Promise.all([
    attempt(run, { step: 'tag', limit: 'tag', cases }, tag),
    attempt(run, { step: 'look', limit: 'look', cases }, look),
  ]);
  settleGone(cases);
  await Promise.all([
    attempt(run, { step: 'announce', limit: 'announce', cases }, tellSchedulers),
    plan(run, cases).then((seen) => takeAway(run, seen)),
  ]);
  await finish(run, cases);
}

/**
 * Takes protection and targets away and orders replacements, side by side. What is about to be taken is written down
 * first, so that it can be given back whatever happens in between.
 */
async function takeAway(run: Run, cases: readonly Case[]): Promise<void> {
  await recordRemovals(run, cases);
  const noted = cases.filter((one) => !one.failures.has('record'));
  const planned = noted.filter((one) => !one.failures.has('replace'));
  await Promise.all([
    // What an incomplete search has found is taken out all the same; the rest waits for the next delivery.
    attempt(run, { step: 'drain', limit: 'act', cases: noted }, drain),
    // Protection first: the group refuses to change that of an instance which has left it.
    attempt(run, { step: 'protect', limit: 'protect', cases: noted }, unprotect).then(() =>
      attempt(run, { step: 'replace', limit: 'act', cases: planned }, replace),
    ),
  ]);
}

/** The reads only, and a line that says what they would have led to. */
async function rehearse(run: Run, cases: readonly Case[]): Promise<void> {
  await attempt(run, { step: 'look', limit: 'look', cases }, look);
  for (const one of await plan(run, cases)) reportDryRun(run.invocation, one);
}

/** @returns the cases whose instance could be looked at: all that follows depends on it */
async function plan(run: Run, cases: readonly Case[]): Promise<readonly Case[]> {
  const seen = cases.filter((one) => one.looked && !one.failures.has('look'));
  await Promise.all([
    attempt(run, { step: 'drain', limit: 'find', cases: seen }, (some, signal) =>
      findTargets(some, run.config.drainSearch, signal),
    ),
    attempt(run, { step: 'replace', limit: 'find', cases: seen }, planReplacements),
  ]);
  return seen;
}

function conclude({ config, invocation }: Run, { cases, retry }: Opened): BatchResult {
  const response = { cordoned: cases.map((one) => ({ ...describe(one.record), steps: one.outcomes })) };
  if (config.dryRun) return { retry, response };
  const again = [...retry];
  for (const one of cases) {
    reportCase(invocation, one);
    const error = one.contested
      ? new RetryableError(`${one.instanceId} was being released`)
      : [...one.failures.values()][0];
    if (error) again.push(...one.messages.map((id) => ({ id, error })));
  }
  const done = cases.filter(({ contested, failures }) => !contested && failures.size === 0);
  for (const [severity, some] of Map.groupBy(done, ({ record }) => record.severity)) {
    addCount(invocation.metrics, `Cordoned.${severity}`, some.length);
  }
  return { retry: again, response };
}
