import { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, expect, vi } from 'vitest';

/**
 * In these tests time stands still until the test lets it pass: `Date`, `setTimeout`, `AbortSignal.timeout` and the
 * time-outs of sockets. Files, processes and what comes through a socket go on as ever.
 */
export function holdTime(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(abortLater);
    holdSockets();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
}

function abortLater(ms: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException('The time is over', 'TimeoutError')), ms);
  return controller.signal;
}

function holdSockets(): void {
  const timers = new WeakMap<Socket, NodeJS.Timeout>();
  vi.spyOn(Socket.prototype, 'setTimeout').mockImplementation(function (this: Socket, ms, tell) {
    clearTimeout(timers.get(this));
    if (tell) this.once('timeout', tell);
    if (ms > 0)
      timers.set(
        this,
        setTimeout(() => this.emit('timeout'), ms),
      );
    return this;
  });
}

/** The result, once exactly so many milliseconds have passed. Needs `holdTime`. */
export async function within<T>(ms: number, result: Promise<T>): Promise<T> {
  result.catch(() => {}); // Node ends the process for a rejection that nothing handles until then
  await vi.advanceTimersByTimeAsync(ms);
  return result;
}

/**
 * The result of what begins now, if it ends before so many milliseconds have passed; otherwise the test hangs and fails.
 * As in `holdTime`, the clock stands still, so the speed of the machine does not count.
 */
export async function before<T>(ms: number, begin: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  try {
    return await within(ms - 1, begin());
  } finally {
    vi.useRealTimers();
  }
}

/** The milliseconds that pass on this machine's clock from now on, rounded up. */
export function stopwatch(): () => number {
  const begun = performance.now();
  return () => Math.ceil(performance.now() - begun) + 1;
}

/** A time lies between two others, to the second: AWS cuts and rounds many of its times to that. */
export function expectBetween(earliest: number, time: number, latest: number): void {
  expect(time).toBeGreaterThanOrEqual(Math.floor(earliest / 1000) * 1000);
  expect(time).toBeLessThanOrEqual(Math.ceil(latest / 1000) * 1000);
}
