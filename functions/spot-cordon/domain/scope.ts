import type { Danger } from './disruption.ts';
import type { Instance } from './instance.ts';

export type Scope = 'all' | 'tagged';

/** The instance tags that people set and this wing reads, and the one that it writes. Keys stay legal in instance metadata. */
export const tagKeys = {
  cordon: 'groundcrew:cordon',
  managed: 'groundcrew:managed',
  drain: 'groundcrew:drain',
  replace: 'groundcrew:replace',
} as const;

/**
 * Whether the event alone settles the scope. Spot and capacity warnings name only instances that can be taken
 * away; scheduled maintenance names any instance, so those have to be looked at first.
 */
export function needsLook(danger: Danger, scope: Scope): boolean {
  return scope === 'tagged' || danger.severity === 'scheduled';
}

/** Undefined when the instance is in scope, else why it is not. */
export function outOfScope(danger: Danger, scope: Scope, instance: Instance | undefined): string | undefined {
  if (!needsLook(danger, scope)) return undefined;
  if (!instance) return 'no such instance';
  if (instance.tags[tagKeys.managed] === 'true') return undefined;
  if (scope === 'all' && instance.spot) return undefined;
  return scope === 'all' ? 'neither Spot nor tagged' : 'not tagged';
}
