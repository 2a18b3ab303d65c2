import { type Env, flag, oneOf, readEnv, text, wholeNumber } from '../../shared/env.ts';

/** What reading AWS Health and the calendars takes. */
const sourceFields = {
  region: text('AWS_REGION'),
  accountId: text('ACCOUNT_ID'),
  notesTable: text('NOTES_TABLE'),
  /** The role to take on in other accounts where a policy names none; `{account}` stands for the account's id. */
  readerRoleArn: text('READER_ROLE_ARN'),
};

/** What GateDeployment is told by its environment; every fault is reported in one message. */
export function readGateConfig(env: Env = process.env) {
  return readEnv(env, {
    ...sourceFields,
    onUnknown: oneOf('ON_UNKNOWN', ['block', 'allow']),
    /** Holds for every pipeline of the account and Region. */
    overrideParameter: text('OVERRIDE_PARAMETER'),
    maxOverrideHours: wholeNumber('MAX_OVERRIDE_HOURS', { min: 1, max: 168 }),
    dryRun: flag('DRY_RUN'),
  });
}
export type GateConfig = ReturnType<typeof readGateConfig>;

export type SourceConfig = Pick<GateConfig, keyof typeof sourceFields>;
