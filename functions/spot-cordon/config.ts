import { type Env, type Field, flag, oneOf, readEnvironment, text, wholeNumber } from '#shared/config.ts';
import { HOUR_MS, MINUTE_MS } from '#shared/time.ts';

/** The environment of CordonInstances. Reports every invalid variable in one message. */
export function readCordonConfig(env: Env = process.env) {
  const read = readEnvironment(env, {
    region: text('AWS_REGION'),
    table: text('CORDONS_TABLE'),
    drainLedgerTable: text('DRAIN_LEDGER_TABLE'),
    dryRun: flag('DRY_RUN'),
    scope: oneOf('SCOPE', ['all', 'tagged']),
    drainSearch: oneOf('DRAIN_SEARCH', ['vpc', 'group']),
    drainFloorPercent: wholeNumber('DRAIN_FLOOR_PERCENT', { min: 0, max: 100 }),
    hasPoolMetrics: flag('POOL_METRICS'),
    rebalanceHoldMinutes: wholeNumber('REBALANCE_HOLD_MINUTES', { min: 5, max: 1440 }),
    scheduledLeadHours: wholeNumber('SCHEDULED_LEAD_HOURS', { min: 1, max: 336 }),
  });
  return {
    ...read,
    rebalanceHoldMs: read.rebalanceHoldMinutes * MINUTE_MS,
    scheduledLeadMs: read.scheduledLeadHours * HOUR_MS,
  };
}
export type CordonConfig = ReturnType<typeof readCordonConfig>;

/** The environment of MailCordons. */
export function readMailConfig(env: Env = process.env) {
  return readEnvironment(env, {
    table: text('CORDONS_TABLE'),
    topicArn: text('NOTIFICATION_TOPIC_ARN'),
    chatTopicArn: text('CHAT_TOPIC_ARN', { optional: true }),
    mails: oneOf('MAILS', ['interruption', 'all', 'none']),
    dryRun: flag('DRY_RUN'),
  });
}
export type MailConfig = ReturnType<typeof readMailConfig>;

/** The environment of UncordonInstances. */
export function readUncordonConfig(env: Env = process.env) {
  return readEnvironment(env, {
    region: text('AWS_REGION'),
    table: text('CORDONS_TABLE'),
    advisoryQueueUrl: text('ADVISORY_QUEUE_URL'),
    cordonFunctionName: text('CORDON_FUNCTION_NAME'),
    dryRun: flag('DRY_RUN'),
  });
}
export type UncordonConfig = ReturnType<typeof readUncordonConfig>;

/** The environment of FallBackToOnDemand. */
export function readFallBackConfig(env: Env = process.env) {
  const read = readEnvironment(env, {
    table: text('FALL_BACKS_TABLE'),
    topicArn: text('NOTIFICATION_TOPIC_ARN'),
    chatTopicArn: text('CHAT_TOPIC_ARN', { optional: true }),
    mails: oneOf('MAILS', ['interruption', 'all', 'none']),
    dryRun: flag('DRY_RUN'),
    floor: wholeNumber('FALL_BACK_FLOOR', { min: 0, max: 10_000 }),
    hasReservedFloor: flag('FALL_BACK_RESERVED_FLOOR'),
    interruptions: wholeNumber('FALL_BACK_INTERRUPTIONS', { min: 1, max: 1000 }),
    interruptionMinutes: wholeNumber('FALL_BACK_INTERRUPTION_MINUTES', { min: 5, max: 60 }),
    calmMinutes: wholeNumber('FALL_BACK_CALM_MINUTES', { min: 20, max: 1440 }),
  });
  return {
    ...read,
    settings: {
      interruptions: read.interruptions,
      interruptionWindowMs: read.interruptionMinutes * MINUTE_MS,
      calmMs: read.calmMinutes * MINUTE_MS,
    },
  };
}
export type FallBackConfig = ReturnType<typeof readFallBackConfig>;

/** The environment of CompleteTerminations. */
export function readTerminationConfig(env: Env = process.env) {
  return readEnvironment(env, {
    region: text('AWS_REGION'),
    queueUrl: text('TERMINATION_QUEUE_URL'),
    dryRun: flag('DRY_RUN'),
    drainSearch: oneOf('DRAIN_SEARCH', ['vpc', 'group']),
  });
}
export type TerminationConfig = ReturnType<typeof readTerminationConfig>;

/** The environment of ChooseTerminations. */
export function readPolicyConfig(env: Env = process.env) {
  const { busyWaitMinutes, ...read } = readEnvironment(env, {
    workersTable: text('WORKERS_TABLE'),
    cordonsTable: text('CORDONS_TABLE'),
    dryRun: flag('DRY_RUN'),
    busyWaitMinutes: minutesOrNever('BUSY_WAIT_MINUTES', { min: 0, max: 55 }),
  });
  return { ...read, busyWaitMs: busyWaitMinutes === 'never' ? undefined : busyWaitMinutes * MINUTE_MS };
}
export type PolicyConfig = ReturnType<typeof readPolicyConfig>;

function minutesOrNever(
  variable: string,
  range: { readonly min: number; readonly max: number },
): Field<number | 'never'> {
  const { read } = wholeNumber(variable, range);
  return { variable, read: (raw) => (raw === 'never' ? raw : read(raw)) };
}
