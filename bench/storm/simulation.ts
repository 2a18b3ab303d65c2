import { createEc2, type Ec2, type Ec2Operation } from './ec2-limits.ts';
import { createRandom, createTimeline, type Timeline } from './timeline.ts';

/** The time that an interruption warning gives. */
export const DEADLINE_SECONDS = 120;
/** Latencies are assumptions. */
export const SECONDS = { delivery: 0.5, coldStart: 0.8, ec2Call: 0.3, otherCalls: 0.4 };
/** The time limit of a step (cordon-instances/run-step.ts). */
const STEP_SECONDS = 6;

export interface Simulation {
  readonly ec2: Ec2;
  readonly events: Timeline;
  readonly random: () => number;
  /** Attempts of the SDK for one call. */
  readonly attempts: number;
  inTime: number;
  /** Seconds after the warnings at which the last instance was tagged. */
  lastAt: number;
}

export function createSimulation(attempts: number): Simulation {
  const random = createRandom();
  return { ec2: createEc2(), events: createTimeline(), random, attempts, inTime: 0, lastAt: 0 };
}

export interface Invocation {
  /** Instances that it handles. */
  readonly size: number;
  readonly describe: Ec2Operation;
  readonly startedAt: number;
  readonly done: () => void;
  readonly failed: (at: number) => void;
}

/** One invocation of a function: describes, does its other calls, and tags. */
export function invoke(
  simulation: Simulation,
  { size, describe, startedAt, done, failed }: Invocation,
): void {
  const tag = (at: number): void =>
    startCall(simulation, {
      name: 'createTags',
      at,
      failed,
      done: (taggedAt) => {
        count(simulation, size, taggedAt);
        done();
      },
    });
  startCall(simulation, {
    name: describe,
    at: startedAt + SECONDS.coldStart,
    failed,
    done: (describedAt) => simulation.events.add(describedAt + SECONDS.otherCalls, tag),
  });
}

function count(simulation: Simulation, size: number, at: number): void {
  simulation.lastAt = Math.max(simulation.lastAt, at);
  if (at <= DEADLINE_SECONDS) simulation.inTime += size;
}

interface Ec2Call {
  readonly name: Ec2Operation;
  readonly at: number;
  readonly done: (at: number) => void;
  readonly failed: (at: number) => void;
}

function startCall(simulation: Simulation, call: Ec2Call): void {
  simulation.events.add(call.at, (at) =>
    attempt(simulation, { ...call, endsAt: at + STEP_SECONDS, attempts: 0 }),
  );
}

/** The SDK waits for a random time up to half a second, then up to twice as long, and so on. */
function attempt(
  simulation: Simulation,
  call: Ec2Call & { readonly endsAt: number; readonly attempts: number },
): void {
  if (simulation.ec2.call(call.name, call.at)) {
    simulation.events.add(call.at + SECONDS.ec2Call, call.done);
    return;
  }
  const attempts = call.attempts + 1;
  const next = call.at + 0.05 + simulation.random() * Math.min(20, 0.5 * 2 ** call.attempts);
  if (attempts >= simulation.attempts || next > call.endsAt) call.failed(call.at);
  else simulation.events.add(next, (at) => attempt(simulation, { ...call, at, attempts }));
}
