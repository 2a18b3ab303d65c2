import { onTestFinished } from 'vitest';
import { type Account, accessKeyFor, startAccount } from '../../../local/account/account.ts';
import { type AdjustableClock, createClock } from '../../../local/clock.ts';
import { findPython } from '../../../local/python/find.ts';

export interface Fixture {
  readonly account: Account;
  readonly clock: AdjustableClock;
  /** Until the test is over only the test moves the clock, however long its calls take. */
  holdClock(): void;
  /** A client whose calls are a function's, by its process; without a function they are `local`. */
  client<C>(ctor: new (config: object) => C, functionId?: string, process?: number, config?: object): C;
}

export async function openAccount(): Promise<Fixture> {
  let held: number | undefined;
  const clock = createClock(() => held ?? Date.now());
  const account = await startAccount({ python: await findPython(() => {}), clock });
  return {
    account,
    clock,
    holdClock: () => {
      held = Date.now();
      onTestFinished(() => {
        held = undefined;
      });
    },
    client: (ctor, functionId, process, config) =>
      new ctor({
        endpoint: account.url,
        region: 'eu-west-1',
        credentials: {
          accessKeyId: functionId ? accessKeyFor(functionId, process) : 'AKIASOMEBODYELSES000',
          secretAccessKey: 'local',
        },
        maxAttempts: 1,
        ...config,
      }),
  };
}

/** The error of a call that must fail. */
export async function errorOf(call: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await call;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('The call succeeded.');
}

/** Whether a time in whole seconds lies between two readings of the clock. */
export function isBetween(time: number, before: number, after: number): boolean {
  return time >= Math.floor(before / 1000) * 1000 && time <= after;
}
