import { sendMessages } from '#shared/aws/sqs.ts';
import { InvalidInputError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { formatValue } from '#shared/redact.ts';
import type { Config } from '../config.ts';
import { FLEET } from '../domain/alarm.ts';
import { fleetAlarms } from '../domain/desired/for-fleet.ts';
import { type Wished, wishFor } from '../domain/desired/for-instance.ts';
import type { Facts } from '../domain/inventory.ts';
import { type Plan, plan, type Wish } from '../domain/plan.ts';
import { type Applied, apply } from './apply-plan.ts';
import type { FollowUp, Scope } from './event.ts';
import { survey } from './read-inventory.ts';
import { answerOf, countsOf, type Outcome } from './response.ts';

/** One run over a part of the fleet. */
export interface Task {
  readonly scope: Scope;
  readonly topicArn?: string | undefined;
  readonly dryRun: boolean;
  /** Somebody waits for the answer. */
  readonly isCall: boolean;
  /** Whether instances that were not heard of yet are looked at again. */
  readonly looksAgain: boolean;
  /** Of the follow-up that this is. */
  readonly round: number;
  /** After this it is left to the next scheduled run; epoch milliseconds. */
  readonly until: number;
}

/** Room for the last call, the message to the own queue and the answer. */
const RESERVE_MS = 60_000;
/** A caller's command line gives up after a minute, and then calls again. */
const CALL_MS = 40_000;
/** CloudWatch lists a new metric within a quarter of an hour. */
const UNHEARD_SECONDS = 900;
/** Instances in one message: an id is 20 characters, and a message holds 256 KB. */
const MOST_IDS = 5000;

/** Looks, decides, and makes the changes; what time does not allow goes on by a message to the own queue. */
export async function reconcile(task: Task, config: Config, invocation: Invocation): Promise<object> {
  const begun = invocation.now();
  const facts = await survey(task.scope, config, begun, invocation.signal);
  if (task.isCall && 'hostname' in task.scope && facts.instanceIds.length === 0)
    throw new InvalidInputError(
      `hostname: no instance has a Name tag like ${formatValue(task.scope.hostname)}`,
    );
  const wished =
    config.mode === 'disk' ? facts.instanceIds.map((id) => wishFor(id, facts, rulesOf(task, config))) : [];
  const decided = decide(facts, config, wished);
  const unheard = task.looksAgain ? unheardOf(facts, wished) : [];
  const about = {
    plan: decided,
    instances: facts.instanceIds.length,
    disks: disksIn(facts, wished),
    unheard,
  };
  if (task.dryRun) {
    invocation.logger.info('dry run: would reconcile', {
      ...task.scope,
      ...countsOf(about),
      ...samplesOf(decided),
    });
    return answerOf({ ...about, continues: false });
  }
  const until = task.isCall ? begun + CALL_MS : Number.POSITIVE_INFINITY;
  const applied = await apply(
    decided,
    Math.min(until, invocation.now() + invocation.remainingMs() - RESERVE_MS),
    invocation,
  );
  const continues = await followUp(task, applied, unheard, { config, invocation });
  return conclude(task, { ...about, applied, continues }, invocation);
}

function rulesOf({ topicArn }: Task, config: Config) {
  return { ...config, defaultTopicArn: config.topicArn, topicArn };
}

function decide(facts: Facts, config: Config, wished: readonly Wished[]): Plan {
  const existing = [...facts.existing.values()].flat();
  const skipped = [...wished.flatMap((one) => one.skipped), ...facts.found.skipped];
  const wishes = config.mode === 'disk' ? wished.map(({ wish }) => wish) : instanceFree(facts);
  return plan([...wishes, fleetWish(facts, config)], existing, skipped);
}

/** In fleet mode no instance has alarms of its own; in the other the fleet has none. */
function fleetWish(facts: Facts, config: Config): Wish {
  const alarms = config.mode === 'fleet' ? fleetAlarms(config, facts.found) : [];
  return { owner: FLEET, alarms, mayDelete: facts.found.disks.size > 0 };
}

function instanceFree({ instanceIds, instances, found }: Facts): Wish[] {
  return instanceIds.map((owner) => {
    const isLive = found.disks.has(owner) || !instances.has(owner);
    return { owner, alarms: [], mayDelete: isLive };
  });
}

function disksIn({ found }: Facts, wished: readonly Wished[]): number {
  if (wished.length > 0) return wished.reduce((sum, { disks }) => sum + disks, 0);
  return [...found.disks.values()].reduce((sum, mounts) => sum + mounts.size, 0);
}

function unheardOf({ instanceIds }: Facts, wished: readonly Wished[]): string[] {
  return instanceIds.filter((_, at) => wished[at]?.isUnheard);
}

function samplesOf(decided: Plan) {
  const names = (alarms: readonly { readonly name: string }[]) => alarms.slice(0, 20).map(({ name }) => name);
  return {
    create: names(decided.create),
    update: names(decided.update.map(({ alarm }) => alarm)),
    delete: names(decided.delete),
  };
}

/** @returns whether what is left goes on by itself */
async function followUp(
  task: Task,
  { left }: Applied,
  unheard: readonly string[],
  { config, invocation }: { readonly config: Config; readonly invocation: Invocation },
): Promise<boolean> {
  const { scope, topicArn, round } = task;
  const later = async (why: FollowUp['why'], what: Scope, seconds: number) => {
    const next: FollowUp = {
      scope: what,
      ...(topicArn && { topicArn }),
      round: round + 1,
      why,
      until: task.until,
    };
    // SQS delays a message by 900 seconds at most.
    const delaySeconds = Math.min(900, Math.round(seconds));
    const message = { body: { task: next }, delaySeconds };
    const [error] = await sendMessages(config.queueUrl, [message], invocation.signal);
    if (error !== undefined) throw error;
  };
  const now = invocation.now();
  if (unheard.length > 0 && now + UNHEARD_SECONDS * 1000 <= task.until) {
    await later('unheard', { instanceIds: unheard.slice(0, MOST_IDS) }, UNHEARD_SECONDS);
    addCount(invocation.metrics, 'LookedAtAgain', unheard.length);
  }
  const continues = left > 0 && now < task.until;
  // Whoever was throttled leaves the quota to others for a while, longer each time.
  if (continues) await later('unfinished', scope, Math.min(600, 15 * 2 ** round));
  return continues;
}

function conclude({ scope }: Task, outcome: Outcome, { logger, metrics }: Invocation): object {
  const { applied, continues } = outcome;
  const about = { ...scope, ...countsOf(outcome), ...applied, refused: applied?.refused.length, continues };
  const left = applied?.left ?? 0;
  if (left > 0 && !continues) logger.warn('reconciled in part, the next scheduled run goes on', about);
  else logger.info(left > 0 ? 'reconciled in part, goes on' : 'reconciled', about);
  addCount(metrics, 'Left', left);
  addCount(metrics, 'Skipped', outcome.plan.skipped.length);
  return answerOf(outcome);
}
