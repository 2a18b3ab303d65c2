import type { Disruption } from './disruption.ts';
import type { Instance } from './instance.ts';

export type Scope = 'all' | 'tagged';

/** `cordon` is written by this wing; users set the others. Instance metadata allows all these keys. */
export const tagKeys = {
  cordon: 'groundcrew:cordon',
  managed: 'groundcrew:managed',
  drain: 'groundcrew:drain',
  replace: 'groundcrew:replace',
  overdue: 'groundcrew:overdue',
  unprotect: 'groundcrew:unprotect',
  /** On the Auto Scaling group: the name of its terminate hook that the wing completes. */
  completeHook: 'groundcrew:complete-hook',
} as const;

/**
 * Whether the event alone does not decide the scope. Spot and capacity warnings name only instances that AWS can
 * reclaim. Scheduled maintenance can name any instance.
 */
export function shouldDescribeFirst(disruption: Disruption, scope: Scope): boolean {
  return scope === 'tagged' || disruption.severity === 'scheduled';
}

/** @returns undefined if the instance is in scope */
export function outOfScopeReason(
  disruption: Disruption,
  scope: Scope,
  instance: Instance | undefined,
): string | undefined {
  if (!shouldDescribeFirst(disruption, scope)) return undefined;
  if (!instance) return 'no such instance';
  if (instance.tags[tagKeys.managed] === 'true') return undefined;
  if (scope === 'all' && instance.isSpot) return undefined;
  return scope === 'all' ? 'neither Spot nor tagged' : 'not tagged';
}
