import type { Call } from '../account/types.ts';
import type { Functions } from '../runtime/functions.ts';
import { maxBatchWindowMs } from '../wiring/run-live.ts';
import type { Wiring } from '../wiring/wiring.ts';
import type { FunctionActivity } from './page.ts';

/** `DescribeInstances×2, CreateTags×1`, in the order of the first calls. */
export function summarizeCalls(calls: readonly Call[]): string {
  const counts = new Map<string, number>();
  for (const { action } of calls) counts.set(action, (counts.get(action) ?? 0) + 1);
  return [...counts].map(([action, count]) => `${action}×${count}`).join(', ');
}

/** What each function did, for the page. */
export function describeActivity(functions: Functions, calls: readonly Call[]): readonly FunctionActivity[] {
  return functions.ids.map((id) => ({
    id,
    calls: summarizeCalls(calls.filter((call) => call.function === id)),
    runs: functions.pool(id).finished.map(({ invoked, ...run }) => ({
      ...run,
      ...(!invoked.ok && { error: `${invoked.error.errorType}: ${invoked.error.errorMessage}` }),
    })),
  }));
}

/** What differs from AWS, and what else there is to call. */
export function describeWiring({ schedules, http }: Wiring): readonly string[] {
  const fired = schedules.map(
    ({ id, expression, intervalMs }) => `${id} (${expression}${intervalMs ? '' : ', not run'})`,
  );
  return [
    ...(http.routes.length > 0 ? [`HTTP API: ${http.routes.join(', ')}`] : []),
    ...(fired.length > 0 ? [`Schedules: ${fired.join(', ')}`] : []),
    `A queue's batching window lasts ${maxBatchWindowMs / 1000} seconds at most here.`,
  ];
}
