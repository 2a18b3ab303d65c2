import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';

/** The answer to a Publish was lost: the mail may have gone out, and a second one would be worse than none. */
export function reportUncertain(
  { logger, metrics }: Invocation,
  fields: Readonly<Record<string, unknown>>,
): void {
  logger.error('nobody knows whether a mail went out; it is not sent again', fields);
  addCount(metrics, 'NoticeUncertain');
}
