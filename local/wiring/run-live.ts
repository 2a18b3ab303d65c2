import { setTimeout as sleep } from 'node:timers/promises';
import type { AsyncInvocations } from './async-invocations.ts';
import type { Schedule } from './schedules.ts';
import type { Poller } from './sqs-poller.ts';
import type { Timers } from './timers.ts';

export interface LiveOptions {
  readonly async: AsyncInvocations;
  readonly pollers: readonly Poller[];
  readonly schedules: readonly Schedule[];
  readonly timers: Timers;
  readonly reportError: (line: string) => void;
}

const idleMs = 300;
/** Node.js fires a longer timer at once. */
const maxTimerMs = 2 ** 31 - 1;
/** A batching window of a minute saves money on AWS. On this machine somebody waits for the result. */
export const maxBatchWindowMs = 5000;

/** Polls queues, runs due invocations and runs schedules at their rates, in real time. Returns a stop function. */
export function runLive({
  async,
  pollers,
  schedules,
  timers,
  reportError,
}: LiveOptions): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const repeat = async (name: string, work: () => Promise<boolean>): Promise<void> => {
    while (!signal.aborted) {
      const worked = await work().catch((error: unknown) => {
        if (!signal.aborted) reportError(`${name}: ${error instanceof Error ? error.message : error}`);
        return false;
      });
      if (!worked) await sleep(idleMs, undefined, { signal }).catch(() => {});
    }
  };
  const loops = pollers.map((poller) =>
    repeat(poller.id, async () => (await poller.poll(Math.min(poller.batchWindowMs, maxBatchWindowMs))) > 0),
  );
  loops.push(repeat('asynchronous invocations', () => async.runDue()));
  loops.push(repeat('emulated services', () => timers.runDue()));
  const intervals = schedules.flatMap((schedule) => {
    const { id, intervalMs } = schedule;
    const run = (): void => {
      schedule.run().catch((error: unknown) => reportError(`${id}: ${error}`));
    };
    return intervalMs === undefined || intervalMs > maxTimerMs ? [] : [setInterval(run, intervalMs)];
  });
  return async () => {
    stopping.abort();
    for (const interval of intervals) clearInterval(interval);
    await Promise.all(loops);
  };
}
