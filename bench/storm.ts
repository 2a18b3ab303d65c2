/**
 * A model of a storm of interruption warnings, in virtual time. It has the numbers that AWS publishes: how Lambda adds
 * pollers to a queue, and how many requests EC2 accepts. The latencies are assumptions.
 */

/** Lambda developer guide, "Configuring scaling behavior for SQS event source mappings". */
const LAMBDA = { firstPollers: 5, pollersPerSecond: 300 / 60, maxPollers: 1000 };
/** EC2 developer guide, "Request throttling": bucket size and refill per second of the account. */
const BUCKETS = {
  describeById: { size: 50, perSecond: 10 },
  describeByFilter: { size: 100, perSecond: 20 },
  createTags: { size: 100, perSecond: 10 },
} as const;

const DEADLINE_SECONDS = 120;
/** Of the template: the visibility timeout of the queue and its deliveries. */
const QUEUE = { batchSize: 10, redeliverySeconds: 30, deliveries: 5 };
/** The time limit of a step (cordon-instances/run-step.ts), and how long other calls of a batch take. */
const STEP_SECONDS = 6;
const SECONDS = { delivery: 0.5, coldStart: 0.8, ec2Call: 0.3, otherCalls: 0.4 };

export interface StormOptions {
  readonly warnings: number;
  readonly describe: 'describeById' | 'describeByFilter';
  /** Attempts of the SDK for one call. */
  readonly attempts: number;
}

export interface StormResult extends StormOptions {
  readonly cordonedInTime: number;
  /** Seconds after the warnings at which the last instance was tagged. */
  readonly lastAt: number;
  readonly calls: Readonly<Record<string, number>>;
  readonly throttled: Readonly<Record<string, number>>;
}

const STORMS = [1000, 5000, 10_000];

/** What the function does (functions/spot-cordon/aws/ec2.ts), and what it would do with ids and the SDK's own retries. */
const WAYS = [
  { describe: 'describeByFilter', attempts: 8 },
  { describe: 'describeById', attempts: 3 },
] as const;

export function simulateStorms(): readonly StormResult[] {
  return WAYS.flatMap((way) => STORMS.map((warnings) => simulateStorm({ ...way, warnings })));
}

export function formatStorms(results: readonly StormResult[]): string {
  const lines = results.map(({ warnings, describe, attempts, cordonedInTime, lastAt, calls, throttled }) => {
    const counts = Object.entries(calls).map(
      ([name, n]) => `${name} ${n} (${throttled[name] ?? 0} throttled)`,
    );
    const way = `${describe}, ${attempts} attempts`.padEnd(30);
    return `${way}${String(warnings).padStart(7)}${String(cordonedInTime).padStart(9)}${String(lastAt).padStart(7)} s   ${counts.join(', ')}`;
  });
  const head = `${''.padEnd(30)}warnings  in time   last     calls`;
  return ['A model of a storm of interruption warnings within one second', head, ...lines].join('\n');
}

interface Batch {
  readonly size: number;
  readonly visibleAt: number;
  readonly deliveries: number;
}

export function simulateStorm(options: StormOptions): StormResult {
  const storm: Storm = {
    options,
    ec2: createEc2(),
    random: createRandom(),
    events: createTimeline(),
    waiting: createBatches(options.warnings),
    busy: 0,
    inTime: 0,
    lastAt: 0,
  };
  for (let now = 0; now <= DEADLINE_SECONDS + QUEUE.redeliverySeconds; now += 0.1) {
    storm.events.runUntil(now);
    startBatches(storm, now);
  }
  const { ec2, inTime, lastAt } = storm;
  return {
    ...options,
    cordonedInTime: inTime,
    lastAt: Math.round(lastAt),
    calls: ec2.calls,
    throttled: ec2.throttled,
  };
}

interface Storm {
  readonly options: StormOptions;
  readonly ec2: ReturnType<typeof createEc2>;
  readonly random: () => number;
  readonly events: ReturnType<typeof createTimeline>;
  waiting: readonly Batch[];
  /** Batches that a poller holds. */
  busy: number;
  inTime: number;
  lastAt: number;
}

function createBatches(warnings: number): Batch[] {
  return Array.from({ length: Math.ceil(warnings / QUEUE.batchSize) }, (_, i) => ({
    size: Math.min(QUEUE.batchSize, warnings - i * QUEUE.batchSize),
    visibleAt: SECONDS.delivery,
    deliveries: 0,
  }));
}

function startBatches(storm: Storm, now: number): void {
  const grown = Math.floor(LAMBDA.firstPollers + LAMBDA.pollersPerSecond * now);
  const free = Math.max(0, Math.min(LAMBDA.maxPollers, grown) - storm.busy);
  const ready = new Set(storm.waiting.filter(({ visibleAt }) => visibleAt <= now).slice(0, free));
  storm.waiting = storm.waiting.filter((batch) => !ready.has(batch));
  for (const batch of ready) runBatch(storm, { ...batch, deliveries: batch.deliveries + 1 }, now);
}

/** One invocation: describes, does the other calls, and tags. */
function runBatch(storm: Storm, batch: Batch, receivedAt: number): void {
  storm.busy += 1;
  const again = (): void => returnToQueue(storm, batch, receivedAt);
  const tag = (at: number): void =>
    startCall(storm, {
      name: 'createTags',
      at,
      failed: again,
      done: (taggedAt) => count(storm, batch, taggedAt),
    });
  startCall(storm, {
    name: storm.options.describe,
    at: receivedAt + SECONDS.coldStart,
    failed: again,
    done: (describedAt) => storm.events.add(describedAt + SECONDS.otherCalls, tag),
  });
}

function count(storm: Storm, { size }: Batch, at: number): void {
  storm.busy -= 1;
  storm.lastAt = Math.max(storm.lastAt, at);
  if (at <= DEADLINE_SECONDS) storm.inTime += size;
}

function returnToQueue(storm: Storm, batch: Batch, receivedAt: number): void {
  storm.busy -= 1;
  if (batch.deliveries >= QUEUE.deliveries) return;
  storm.waiting = [...storm.waiting, { ...batch, visibleAt: receivedAt + QUEUE.redeliverySeconds }];
}

interface Ec2Call {
  readonly name: string;
  readonly at: number;
  readonly done: (at: number) => void;
  readonly failed: () => void;
}

function startCall(storm: Storm, call: Ec2Call): void {
  storm.events.add(call.at, (at) => attempt(storm, { ...call, endsAt: at + STEP_SECONDS, attempts: 0 }));
}

/** The SDK waits for a random time up to half a second, then up to twice as long, and so on. */
function attempt(storm: Storm, call: Ec2Call & { readonly endsAt: number; readonly attempts: number }): void {
  if (storm.ec2.call(call.name, call.at)) {
    storm.events.add(call.at + SECONDS.ec2Call, call.done);
    return;
  }
  const attempts = call.attempts + 1;
  const next = call.at + 0.05 + storm.random() * Math.min(20, 0.5 * 2 ** call.attempts);
  if (attempts >= storm.options.attempts || next > call.endsAt) call.failed();
  else storm.events.add(next, (at) => attempt(storm, { ...call, at, attempts }));
}

function createEc2() {
  const tokens = new Map<string, { left: number; at: number }>();
  const calls: Record<string, number> = {};
  const throttled: Record<string, number> = {};
  return {
    calls,
    throttled,
    call: (name: string, at: number): boolean => {
      const bucket = Object.entries(BUCKETS).find(([one]) => one === name)?.[1] ?? BUCKETS.createTags;
      const before = tokens.get(name) ?? { left: bucket.size, at };
      const left = Math.min(bucket.size, before.left + (at - before.at) * bucket.perSecond);
      const isAccepted = left >= 1;
      tokens.set(name, { left: isAccepted ? left - 1 : left, at });
      calls[name] = (calls[name] ?? 0) + 1;
      if (!isAccepted) throttled[name] = (throttled[name] ?? 0) + 1;
      return isAccepted;
    },
  };
}

/** Work at times, in the order of time. */
function createTimeline() {
  const planned: { readonly at: number; readonly work: (at: number) => void }[] = [];
  return {
    add: (at: number, work: (at: number) => void): void => {
      const index = planned.findLastIndex((one) => one.at <= at) + 1;
      planned.splice(index, 0, { at, work });
    },
    runUntil: (now: number): void => {
      while ((planned[0]?.at ?? Number.POSITIVE_INFINITY) <= now) {
        const next = planned.shift();
        next?.work(next.at);
      }
    },
  };
}

/** The same numbers in every run. */
function createRandom(): () => number {
  let state = 42;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
