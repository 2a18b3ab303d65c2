import { createPublicKey, type KeyObject } from 'node:crypto';
import {
  type Env,
  type Field,
  flag,
  list,
  oneOf,
  readEnvironment,
  text,
  wholeNumber,
} from '#shared/config.ts';
import { formatValue } from '#shared/redact.ts';
import { ENVIRONMENT, FOLDER } from './domain/names.ts';

/** PromoteBuild's environment. @throws ConfigurationError naming every invalid variable */
export function readPromoteConfig(env: Env = process.env) {
  return readEnvironment(env, { store: text('STORE_FUNCTION'), restore: text('RESTORE_FUNCTION') });
}
export type PromoteConfig = ReturnType<typeof readPromoteConfig>;

/** The folder with the builds, below the mount, and the folders for copies. */
const storeFields = () => ({
  mount: text('MOUNT_PATH'),
  path: text('STORE_PATH'),
  copies: list('COPY_FOLDERS', { each: FOLDER, optional: true }),
  dryRun: flag('DRY_RUN'),
});

/** BuildStore's environment. */
export function readStoreConfig(env: Env = process.env) {
  return readEnvironment(env, {
    ...storeFields(),
    fullEnvironments: list('FULL_ENVIRONMENTS', { each: ENVIRONMENT, optional: true }),
    symlinks: oneOf('SYMLINKS', ['refuse', 'inside']),
    publicKey: publicKey('PUBLIC_KEY'),
  });
}
/** SPKI in base64: the lines between the header and the footer of a PEM file. */
function publicKey(variable: string): Field<KeyObject | undefined> {
  return {
    variable,
    read: (raw) => {
      try {
        return raw === undefined
          ? undefined
          : createPublicKey({ key: Buffer.from(raw, 'base64'), format: 'der', type: 'spki' });
      } catch {
        throw new Error(
          `is ${formatValue(raw)}, expected a public key: SPKI in base64, without the PEM header and footer`,
        );
      }
    },
  };
}

export type StoreConfig = ReturnType<typeof readStoreConfig>;

/** PruneBuilds' environment. */
export function readPruneConfig(env: Env = process.env) {
  const read = readEnvironment(env, {
    ...storeFields(),
    prune: flag('PRUNE'),
    keepDays: wholeNumber('KEEP_DAYS', { min: 1, max: 3650 }),
    keepPerEnvironment: wholeNumber('KEEP_PER_ENVIRONMENT', { min: 1, max: 100 }),
    maxBuilds: wholeNumber('MAX_BUILDS', { min: 10, max: 9000 }),
  });
  return { ...read, dryRun: read.dryRun || !read.prune, keepMs: read.keepDays * 86_400_000 };
}
export type PruneConfig = ReturnType<typeof readPruneConfig>;

/** RestoreBuild's environment. */
export function readRestoreConfig(env: Env = process.env) {
  return readEnvironment(env, {
    store: text('STORE_FUNCTION'),
    fileSystemArn: text('FILE_SYSTEM_ARN'),
    roleArn: text('RESTORE_ROLE_ARN'),
    dryRun: flag('DRY_RUN'),
  });
}
export type RestoreConfig = ReturnType<typeof readRestoreConfig>;
