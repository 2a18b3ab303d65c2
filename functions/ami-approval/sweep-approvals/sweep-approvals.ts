import { publishAllEvents } from '#shared/aws/eventbridge.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { listOpen, readShelf } from '../aws/approvals-table.ts';
import { listWaiting } from '../aws/imagebuilder.ts';
import type { SweepConfig } from '../config.ts';
import { imageKey } from '../domain/approval-record.ts';
import { nextWork } from '../domain/approval-transitions.ts';
import type { WaitingStep } from '../domain/workflow-step.ts';
import { due, dueFor } from '../messages/events.ts';

/**
 * Wakes whatever was cut short or has come due: requests that expired, decisions nobody acted on, mails that never
 * went out, and waiting steps whose event was lost, since Image Builder's events are best effort.
 */
export async function sweepApprovals(
  { table, dryRun }: SweepConfig,
  invocation: Invocation,
): Promise<object> {
  const { logger, metrics, now, signal } = invocation;
  const use = { table, signal };
  const [open, waiting] = await Promise.all([listOpen(use), listWaiting(signal)]);
  const works = open.flatMap((record) => {
    const next = nextWork(record, now());
    return next ? [{ record, next }] : [];
  });
  const asked = new Set(open.map(({ part }) => part));
  const lost = await withoutRequest(
    use,
    waiting.filter(({ stepExecutionId }) => !asked.has(stepExecutionId)),
  );
  for (const { record, next } of works) {
    const { imageArn } = record.subject;
    logger.info(dryRun ? 'dry run: would wake' : 'woken', {
      imageArn,
      part: record.part,
      status: record.status,
      next,
    });
  }
  for (const { imageArn, stepExecutionId } of lost) {
    logger.warn('a waiting step was never asked about', { imageArn, stepExecutionId });
  }
  if (!dryRun) {
    await publishAllEvents(
      [
        ...works.map(({ record, next }) => due(record, next)),
        ...lost.map((step) => dueFor({ next: 'ask', ...step })),
      ],
      signal,
    );
    addCount(metrics, 'Woken', works.length + lost.length);
  }
  return { open: open.length, woken: works.length + lost.length };
}

/** A step may also wait while its request is over, when the answer it got was lost: ExecuteApproval saw to that. */
async function withoutRequest(
  use: Parameters<typeof readShelf>[0],
  waiting: readonly WaitingStep[],
): Promise<WaitingStep[]> {
  const lost: WaitingStep[] = [];
  for (const step of waiting) {
    const { approvals } = await readShelf(use, imageKey(step.imageArn));
    if (!approvals.some(({ part }) => part === step.stepExecutionId)) lost.push(step);
  }
  return lost;
}
