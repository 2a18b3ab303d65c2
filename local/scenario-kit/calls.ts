import type { Call } from '../account/types.ts';

/** The calls that functions made, without those of the scenario itself. */
export function functionCalls(calls: readonly Call[]): readonly Call[] {
  return calls.filter((call) => call.function !== 'local');
}

/** How often functions called an action, if given only with this status. */
export function countCalls(calls: readonly Call[], action: string, status?: number): number {
  return functionCalls(calls).filter(
    (call) => call.action === action && (status === undefined || call.status === status),
  ).length;
}

/** `DescribeInstances×2, CreateTags×1`, in the order of the first calls. */
export function summarizeCalls(calls: readonly Call[]): string {
  const counts = new Map<string, number>();
  for (const { action } of calls) counts.set(action, (counts.get(action) ?? 0) + 1);
  return [...counts].map(([action, count]) => `${action}×${count}`).join(', ');
}
