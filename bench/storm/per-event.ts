import { createSimulation, invoke, SECONDS, type Simulation } from './simulation.ts';

/** Lambda developer guide, "Lambda quotas": concurrent executions of a new account. */
const CONCURRENT = 1000;
/** Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation". */
const RETRIES_AFTER_SECONDS = [60, 120];
/** The same page: Lambda tries a throttled event again after one second at first, after five minutes at most. */
const THROTTLED = { firstSeconds: 1, mostSeconds: 300 };
/** The SDK's default. */
const ATTEMPTS = 3;
const END_SECONDS = 1800;

interface PerEventStorm extends Simulation {
  running: number;
}

interface Event {
  readonly failures: number;
  readonly throttles: number;
}

/** EventBridge invokes a function for each warning, which describes its instance by id and tags it. */
export function simulatePerEvent(warnings: number): Simulation {
  const storm: PerEventStorm = { ...createSimulation(ATTEMPTS), running: 0 };
  for (let i = 0; i < warnings; i += 1) schedule(storm, SECONDS.delivery, { failures: 0, throttles: 0 });
  storm.events.runUntil(END_SECONDS);
  return storm;
}

function schedule(storm: PerEventStorm, at: number, event: Event): void {
  storm.events.add(at, (now) => start(storm, now, event));
}

function start(storm: PerEventStorm, now: number, event: Event): void {
  if (storm.running >= CONCURRENT) {
    const wait = Math.min(THROTTLED.mostSeconds, THROTTLED.firstSeconds * 2 ** event.throttles);
    schedule(storm, now + wait, { ...event, throttles: event.throttles + 1 });
    return;
  }
  storm.running += 1;
  invoke(storm, {
    size: 1,
    describe: 'describeById',
    startedAt: now,
    done: () => {
      storm.running -= 1;
    },
    failed: (at) => {
      storm.running -= 1;
      const wait = RETRIES_AFTER_SECONDS[event.failures];
      if (wait !== undefined) schedule(storm, at + wait, { ...event, failures: event.failures + 1 });
    },
  });
}
