import type { CordonRecord } from '../domain/cordon-record.ts';

export interface DueCordon {
  readonly record: CordonRecord;
  readonly why: string;
}

/** An instance whose record could not be processed, and why. */
export interface InstanceFailure {
  readonly instanceId: string;
  readonly error: unknown;
}

/** A cordon that this invocation has claimed and is undoing. */
export interface ClaimedCordon extends DueCordon {
  failure?: unknown;
}

export function recordFailure(some: readonly { readonly cordon: ClaimedCordon }[], error: unknown): void {
  for (const { cordon } of some) cordon.failure = error;
}

export function cordonIds(some: readonly { readonly cordon: ClaimedCordon }[]): string[] {
  return some.map(({ cordon }) => cordon.record.instanceId);
}

/** Runs one step for several cordons. If it throws, it failed for all of them, and the sweep tries again. */
export async function runStep(
  claimed: readonly ClaimedCordon[],
  work: (some: readonly ClaimedCordon[]) => Promise<void>,
): Promise<void> {
  if (claimed.length === 0) return;
  try {
    await work(claimed);
  } catch (error) {
    for (const cordon of claimed) cordon.failure = error;
  }
}

export function withoutFailure(claimed: readonly ClaimedCordon[]): ClaimedCordon[] {
  return claimed.filter(({ failure }) => failure === undefined);
}
