import { type Env, flag, list, readEnvironment, text, wholeNumber } from '#shared/config.ts';
import { HOUR_MS } from '#shared/time.ts';
import { NAME_PATTERN } from './domain/approval-scope.ts';
import {
  ACCOUNT,
  ADDRESS,
  ORGANIZATION,
  ORGANIZATIONAL_UNIT,
  uniqueAddresses,
} from './domain/pipeline-rules.ts';
import { type AccountNames, normalizeTargets } from './domain/share-targets.ts';

/** An account with a name for people: `111122223333=shop`. */
const NAMED_ACCOUNT = /^\d{12}(=[\w .-]+)?$/;

/** A function and not a constant, so that a bundle contains only the fields that it reads. */
function targetFields() {
  return {
    accounts: list('TARGET_ACCOUNTS', { each: NAMED_ACCOUNT, optional: true }),
    organizations: list('TARGET_ORGANIZATIONS', { each: ORGANIZATION, optional: true }),
    organizationalUnits: list('TARGET_ORGANIZATIONAL_UNITS', { each: ORGANIZATIONAL_UNIT, optional: true }),
    copying: list('COPYING_ACCOUNTS', { each: ACCOUNT, optional: true }),
  };
}

/** The names of the accounts are for people only. */
function toTargets(read: Parameters<typeof normalizeTargets>[0]) {
  return normalizeTargets({ ...read, accounts: read.accounts.map((one) => one.slice(0, 12)) });
}

function accountNamesIn(accounts: readonly string[]): AccountNames {
  return Object.fromEntries(
    accounts.filter((one) => one.includes('=')).map((one) => [one.slice(0, 12), one.slice(13)]),
  );
}

/** What the parameter in SSM can change for single pipelines. */
function approverFields() {
  return {
    settingsParameter: text('SETTINGS_PARAMETER', { optional: true }),
    approvers: list('APPROVERS', { each: ADDRESS, optional: true }),
    required: wholeNumber('REQUIRED_APPROVALS', { min: 1, max: 15 }),
  };
}

function scopeFields() {
  return {
    pipelines: list('PIPELINES', { each: NAME_PATTERN, optional: true }),
    steps: list('APPROVAL_STEPS', { each: NAME_PATTERN, optional: true }),
  };
}

/** Reads the environment of RequestApproval. @throws ConfigurationError that names every invalid variable */
export function readRequestConfig(env: Env = process.env) {
  const {
    accounts,
    organizations,
    organizationalUnits,
    copying,
    pipelines,
    steps,
    topicPrefix,
    ...settings
  } = readEnvironment(env, {
    table: text('APPROVALS_TABLE'),
    dryRun: flag('DRY_RUN'),
    topicPrefix: text('APPROVER_TOPIC_PREFIX'),
    topicArn: text('NOTIFICATION_TOPIC_ARN'),
    chatTopicArn: text('CHAT_TOPIC_ARN', { optional: true }),
    linkBase: text('LINK_BASE'),
    ...approverFields(),
    expiryHours: wholeNumber('EXPIRY_HOURS', { min: 1, max: 336 }),
    excludeInitiator: flag('BAR_INITIATOR'),
    ...targetFields(),
    ...scopeFields(),
  });
  return {
    ...settings,
    approvers: uniqueAddresses(settings.approvers),
    expiryMs: settings.expiryHours * HOUR_MS,
    targets: toTargets({ accounts, organizations, organizationalUnits, copying }),
    accountNames: accountNamesIn(accounts),
    approverTopics: { prefix: topicPrefix },
    scope: { pipelines, steps },
  };
}
export type RequestConfig = ReturnType<typeof readRequestConfig>;

/** Reads the environment of DecideApproval. */
export function readDecideConfig(env: Env = process.env) {
  const settings = readEnvironment(env, {
    table: text('APPROVALS_TABLE'),
    requiresSignIn: flag('SIGN_IN'),
    ...approverFields(),
  });
  return { ...settings, approvers: uniqueAddresses(settings.approvers) };
}
export type DecideConfig = ReturnType<typeof readDecideConfig>;

/** Reads the environment of ExecuteApproval. */
export function readExecuteConfig(env: Env = process.env) {
  const {
    accounts,
    organizations,
    organizationalUnits,
    copying,
    pipelines,
    steps,
    topicPrefix,
    ...settings
  } = readEnvironment(env, {
    table: text('APPROVALS_TABLE'),
    dryRun: flag('DRY_RUN'),
    topicPrefix: text('APPROVER_TOPIC_PREFIX'),
    ownerTopicArn: text('OWNER_TOPIC_ARN'),
    chatTopicArn: text('CHAT_TOPIC_ARN', { optional: true }),
    ...approverFields(),
    ...targetFields(),
    ...scopeFields(),
  });
  return {
    ...settings,
    approvers: uniqueAddresses(settings.approvers),
    targets: toTargets({ accounts, organizations, organizationalUnits, copying }),
    approverTopics: { prefix: topicPrefix },
    scope: { pipelines, steps },
  };
}
export type ExecuteConfig = ReturnType<typeof readExecuteConfig>;

/** Reads the environment of SweepApprovals. */
export function readSweepConfig(env: Env = process.env) {
  const { pipelines, steps, topicPrefix, publishers, topicKey, ...settings } = readEnvironment(env, {
    table: text('APPROVALS_TABLE'),
    dryRun: flag('DRY_RUN'),
    topicArn: text('NOTIFICATION_TOPIC_ARN'),
    chatTopicArn: text('CHAT_TOPIC_ARN', { optional: true }),
    topicPrefix: text('APPROVER_TOPIC_PREFIX'),
    publishers: list('APPROVER_TOPIC_PUBLISHERS'),
    topicKey: text('APPROVER_TOPIC_KEY'),
    ...approverFields(),
    ...scopeFields(),
  });
  return {
    ...settings,
    approvers: uniqueAddresses(settings.approvers),
    scope: { pipelines, steps },
    approverTopics: { prefix: topicPrefix, publishers, key: topicKey },
  };
}
export type SweepConfig = ReturnType<typeof readSweepConfig>;
