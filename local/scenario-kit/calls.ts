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
