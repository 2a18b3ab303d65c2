import { type Env, flag, oneOf, readEnvironment, text, wholeNumber } from '#shared/config.ts';
import { HOUR_MS, MINUTE_MS } from '#shared/time.ts';
import type { ResumeSchedule } from './domain/resume-schedule.ts';

/** Needed to read AWS Health and the calendars. */
const sourceFields = {
  region: text('AWS_REGION'),
  accountId: text('ACCOUNT_ID'),
  gateTable: text('GATE_TABLE'),
  /** The role to assume in other accounts if the policy names none; `{account}` stands for the account id. */
  readerRoleArn: text('READER_ROLE_ARN'),
};

/** Needed to read the override for all pipelines. */
const overrideFields = {
  /** SSM parameter with the override for all pipelines of the account and Region. */
  overrideParameter: text('OVERRIDE_PARAMETER'),
  maxOverrideHours: wholeNumber('MAX_OVERRIDE_HOURS', { min: 1, max: 168 }),
};

/** GateDeployment's environment. @throws ConfigurationError naming every invalid variable */
export function readGateConfig(env: Env = process.env) {
  return readEnvironment(env, {
    ...sourceFields,
    ...overrideFields,
    onUnknown: oneOf('ON_UNKNOWN', ['block', 'allow']),
    dryRun: flag('DRY_RUN'),
  });
}
export type GateConfig = ReturnType<typeof readGateConfig>;

/** Also if another variable is invalid. */
export function isDryRun(env: Env = process.env): boolean {
  return env.DRY_RUN === 'true';
}

export type SourceConfig = Pick<GateConfig, keyof typeof sourceFields>;

/** How long AWS Health must be clear before something continues. A function, so that others' bundles leave it out. */
function scheduleFields() {
  return {
    coolDownMinutes: wholeNumber('COOL_DOWN_MINUTES', { min: 0, max: 120 }),
    jitterMinutes: wholeNumber('JITTER_MINUTES', { min: 0, max: 60 }),
  };
}

/** ResumeDeployments' environment. @throws ConfigurationError naming every invalid variable */
export function readResumeConfig(env: Env = process.env) {
  const read = readEnvironment(env, {
    ...sourceFields,
    ...overrideFields,
    ...scheduleFields(),
    holdsTable: text('HOLDS_TABLE'),
    queueUrl: text('QUEUE_URL'),
    topicArn: text('NOTIFICATION_TOPIC_ARN'),
    chatTopicArn: text('CHAT_TOPIC_ARN', { optional: true }),
    dryRun: flag('DRY_RUN'),
    maxAttempts: wholeNumber('MAX_ATTEMPTS', { min: 1, max: 10 }),
    maxHoldHours: wholeNumber('MAX_HOLD_HOURS', { min: 1, max: 168 }),
  });
  return { ...read, ...toSchedule(read), maxHoldMs: read.maxHoldHours * HOUR_MS };
}
export type ResumeConfig = ReturnType<typeof readResumeConfig>;

/** FollowIncidents' environment. @throws ConfigurationError naming every invalid variable */
export function readFollowConfig(env: Env = process.env) {
  const read = readEnvironment(env, {
    ...sourceFields,
    ...overrideFields,
    ...scheduleFields(),
    topicArn: text('NOTIFICATION_TOPIC_ARN'),
    chatTopicArn: text('CHAT_TOPIC_ARN', { optional: true }),
    dryRun: flag('DRY_RUN'),
    passedHours: wholeNumber('PASSED_HOURS', { min: 1, max: 24 }),
  });
  return { ...read, ...toSchedule(read), windowMs: read.passedHours * HOUR_MS };
}
export type FollowConfig = ReturnType<typeof readFollowConfig>;

function toSchedule({
  coolDownMinutes,
  jitterMinutes,
}: {
  readonly coolDownMinutes: number;
  readonly jitterMinutes: number;
}): ResumeSchedule {
  return { coolDownMs: coolDownMinutes * MINUTE_MS, jitterMs: jitterMinutes * MINUTE_MS };
}
