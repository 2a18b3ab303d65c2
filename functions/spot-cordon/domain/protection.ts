import type { CordonDraft, CordonRecord } from './cordon-record.ts';
import type { AutoScalingGroup, Instance } from './instance.ts';
import { tagKeys } from './scope.ts';

/** A call of SetInstanceProtection, as CloudTrail reports it. */
export interface ProtectionChange {
  readonly at: number;
  readonly isOurs: boolean;
}

/**
 * Why the instance keeps its scale-in protection. Protection says that a worker is busy, so advice alone does not remove
 * it. Amazon ECS sets and removes the protection of its instances itself.
 *
 * @returns undefined if the protection is to be removed
 */
export function keepsProtectionReason(
  { severity, instanceId }: Pick<CordonRecord, 'severity' | 'instanceId'>,
  instance: Instance | undefined,
  group: AutoScalingGroup | undefined,
): string | undefined {
  if (!group?.members.get(instanceId)?.isProtected) return 'not protected';
  if (group.isManagedByEcs) return 'left to Amazon ECS';
  const isRequested = severity === 'interruption' || instance?.tags[tagKeys.unprotect] === 'advice';
  return isRequested ? undefined : 'not requested for advice';
}

/**
 * Notes a change in the record of its instance. CloudTrail's times are whole seconds: a change in the second of ours
 * counts as later.
 *
 * @returns undefined if the record does not change
 */
export function noteProtectionChange(
  known: CordonDraft,
  { at, isOurs }: ProtectionChange,
): CordonDraft | undefined {
  const { removedProtection: removed } = known;
  if (!removed || at < Math.floor(removed.removedAt / 1000) * 1000) return undefined;
  if (isOurs ? removed.isConfirmed : removed.isTouched) return undefined;
  return {
    ...known,
    removedProtection: { ...removed, ...(isOurs ? { isConfirmed: true } : { isTouched: true }) },
  };
}

/** Whether nobody touched the protection since we removed it. Without a trail we cannot know, so the answer is no. */
export function mayRestoreProtection({
  removedProtection,
}: Pick<CordonRecord, 'removedProtection'>): boolean {
  return removedProtection?.isConfirmed === true && removedProtection.isTouched !== true;
}
