import { setTimeout as sleep } from 'node:timers/promises';
import type { AsyncInvocations } from './async-invocations.ts';
import type { Schedule } from './schedules.ts';
import type { Pump } from './sqs-poller.ts';
import type { Timers } from './timers.ts';

export interface LiveParts {
  readonly async: AsyncInvocations;
  readonly pumps: readonly Pump[];
  readonly schedules: readonly Schedule[];
  readonly timers: Timers;
  readonly complain: (line: string) => void;
}

const idle = 300;
/** A longer one fires at once. */
const longestTimer = 2 ** 31 - 1;
/** A batching window of a minute saves money on AWS; here somebody is watching. */
export const longestWindow = 5000;

/** Polls queues, runs what is due and fires schedules at their rates, in real time. Returns how to stop. */
export function runLive({ async, pumps, schedules, timers, complain }: LiveParts): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const keepOn = async (name: string, work: () => Promise<boolean>): Promise<void> => {
    while (!signal.aborted) {
      const worked = await work().catch((error: unknown) => {
        if (!signal.aborted) complain(`${name}: ${error instanceof Error ? error.message : error}`);
        return false;
      });
      if (!worked) await sleep(idle, undefined, { signal }).catch(() => {});
    }
  };
  const loops = pumps.map((pump) =>
    keepOn(pump.id, async () => (await pump.pump(Math.min(pump.window, longestWindow))) > 0),
  );
  loops.push(keepOn('asynchronous invocations', () => async.runDue()));
  loops.push(keepOn('stand-ins', () => timers.runDue()));
  const rates = schedules.flatMap(({ id, every, fire }) => {
    const run = (): void => {
      fire().catch((error: unknown) => complain(`${id}: ${error}`));
    };
    return every === undefined || every > longestTimer ? [] : [setInterval(run, every)];
  });
  return async () => {
    stopping.abort();
    for (const rate of rates) clearInterval(rate);
    await Promise.all(loops);
  };
}
