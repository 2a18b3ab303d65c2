import { type Env, flag, list, readEnvironment, text, wholeNumber } from '#shared/config.ts';
import { tidyTargets } from './domain/share-targets.ts';

const HOUR_MS = 3_600_000;

const ADDRESS = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;
const ACCOUNT = /^\d{12}$/;
const ORGANIZATION = /^arn:aws[\w-]*:organizations::\d{12}:organization\/o-[a-z0-9]+$/;
const UNIT = /^arn:aws[\w-]*:organizations::\d{12}:ou\/o-[a-z0-9]+\/ou-[a-z0-9-]+$/;

/** A function, so that a bundle has only the fields that it reads. */
function targetFields() {
  return {
    accounts: list('TARGET_ACCOUNTS', { each: ACCOUNT, optional: true }),
    organizations: list('TARGET_ORGANIZATIONS', { each: ORGANIZATION, optional: true }),
    organizationalUnits: list('TARGET_ORGANIZATIONAL_UNITS', { each: UNIT, optional: true }),
    copying: list('COPYING_ACCOUNTS', { each: ACCOUNT, optional: true }),
  };
}

/** What RequestApproval is told by its environment; every fault is reported in one message. */
export function readRequestConfig(env: Env = process.env) {
  const { accounts, organizations, organizationalUnits, copying, ...read } = readEnvironment(env, {
    table: text('APPROVALS_TABLE'),
    dryRun: flag('DRY_RUN'),
    approverTopicArn: text('APPROVER_TOPIC_ARN'),
    topicArn: text('NOTIFICATION_TOPIC_ARN'),
    linkBase: text('LINK_BASE'),
    approvers: list('APPROVERS', { each: ADDRESS, optional: true }),
    required: wholeNumber('REQUIRED_APPROVALS', { min: 1, max: 5 }),
    expiryHours: wholeNumber('EXPIRY_HOURS', { min: 1, max: 336 }),
    barInitiator: flag('BAR_INITIATOR'),
    ...targetFields(),
  });
  return {
    ...read,
    approvers: distinct(read.approvers),
    expiryMs: read.expiryHours * HOUR_MS,
    targets: tidyTargets({ accounts, organizations, organizationalUnits, copying }),
  };
}
export type RequestConfig = ReturnType<typeof readRequestConfig>;

/** One person has one vote, however his address is written; mails go by the first way, as its subscription does. */
function distinct(addresses: readonly string[]): readonly string[] {
  const folded = addresses.map((address) => address.toLowerCase());
  return addresses.filter((_, at) => folded.indexOf(folded[at] ?? '') === at);
}

/** What DecideApproval is told by its environment. */
export function readDecideConfig(env: Env = process.env) {
  return readEnvironment(env, { table: text('APPROVALS_TABLE') });
}
export type DecideConfig = ReturnType<typeof readDecideConfig>;

/** What ExecuteApproval is told by its environment. */
export function readExecuteConfig(env: Env = process.env) {
  const { accounts, organizations, organizationalUnits, copying, ...read } = readEnvironment(env, {
    table: text('APPROVALS_TABLE'),
    dryRun: flag('DRY_RUN'),
    approverTopicArn: text('APPROVER_TOPIC_ARN'),
    ownerTopicArn: text('OWNER_TOPIC_ARN'),
    ...targetFields(),
  });
  return { ...read, targets: tidyTargets({ accounts, organizations, organizationalUnits, copying }) };
}
export type ExecuteConfig = ReturnType<typeof readExecuteConfig>;

/** What SweepApprovals is told by its environment. */
export function readSweepConfig(env: Env = process.env) {
  return readEnvironment(env, { table: text('APPROVALS_TABLE'), dryRun: flag('DRY_RUN') });
}
export type SweepConfig = ReturnType<typeof readSweepConfig>;
