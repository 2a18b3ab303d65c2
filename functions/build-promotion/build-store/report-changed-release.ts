import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';

/** Somebody wrote to the files of a live release. An alarm watches the metric. */
export function reportChangedRelease({ logger, metrics }: Invocation, buildId: string, error: unknown): void {
  logger.warn('live release does not match its stamp', { buildId, error });
  addCount(metrics, 'LiveReleaseChanged');
}
