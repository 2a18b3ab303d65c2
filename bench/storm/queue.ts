import type { Ec2Operation } from './ec2-limits.ts';
import { createSimulation, DEADLINE_SECONDS, invoke, SECONDS, type Simulation } from './simulation.ts';

/** Lambda developer guide, "Configuring scaling behavior for SQS event source mappings". */
const LAMBDA = { firstPollers: 5, pollersPerSecond: 300 / 60, maxPollers: 1000 };
/** Of the template: the visibility timeout of the queue and its deliveries. */
const QUEUE = { batchSize: 10, redeliverySeconds: 30, deliveries: 5 };

export interface QueueOptions {
  readonly describe: Ec2Operation;
  /** Attempts of the SDK for one call. */
  readonly attempts: number;
}

/** What the function does (functions/spot-cordon/aws/ec2.ts). */
export const OURS: QueueOptions = { describe: 'describeByFilter', attempts: 8 };

interface QueueStorm extends Simulation {
  readonly describe: Ec2Operation;
  waiting: readonly Batch[];
  /** Batches that a poller holds. */
  busy: number;
}

interface Batch {
  readonly size: number;
  readonly visibleAt: number;
  readonly deliveries: number;
}

/** Warnings within one second go through the queue, in batches. */
export function simulateQueue(warnings: number, { describe, attempts }: QueueOptions): Simulation {
  const waiting = createBatches(warnings);
  const storm: QueueStorm = { ...createSimulation(attempts), describe, waiting, busy: 0 };
  for (let now = 0; now <= DEADLINE_SECONDS + QUEUE.redeliverySeconds; now += 0.1) {
    storm.events.runUntil(now);
    startBatches(storm, now);
  }
  return storm;
}

function createBatches(warnings: number): Batch[] {
  return Array.from({ length: Math.ceil(warnings / QUEUE.batchSize) }, (_, i) => ({
    size: Math.min(QUEUE.batchSize, warnings - i * QUEUE.batchSize),
    visibleAt: SECONDS.delivery,
    deliveries: 0,
  }));
}

function startBatches(storm: QueueStorm, now: number): void {
  const grown = Math.floor(LAMBDA.firstPollers + LAMBDA.pollersPerSecond * now);
  const free = Math.max(0, Math.min(LAMBDA.maxPollers, grown) - storm.busy);
  const ready = new Set(storm.waiting.filter(({ visibleAt }) => visibleAt <= now).slice(0, free));
  storm.waiting = storm.waiting.filter((batch) => !ready.has(batch));
  for (const batch of ready) runBatch(storm, { ...batch, deliveries: batch.deliveries + 1 }, now);
}

function runBatch(storm: QueueStorm, batch: Batch, startedAt: number): void {
  const { size } = batch;
  storm.busy += 1;
  invoke(storm, {
    size,
    describe: storm.describe,
    startedAt,
    done: () => {
      storm.busy -= 1;
    },
    failed: () => returnToQueue(storm, batch, startedAt),
  });
}

function returnToQueue(storm: QueueStorm, batch: Batch, receivedAt: number): void {
  storm.busy -= 1;
  if (batch.deliveries >= QUEUE.deliveries) return;
  storm.waiting = [...storm.waiting, { ...batch, visibleAt: receivedAt + QUEUE.redeliverySeconds }];
}
