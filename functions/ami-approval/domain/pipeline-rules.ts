import * as z from 'zod/mini';
import { ConfigurationError } from '#shared/errors.ts';
import { parseAs, parseJson } from '#shared/parse.ts';
import { isMatchedBy, NAME_PATTERN } from './approval-scope.ts';
import type { ApprovalRules } from './current-rules.ts';
import { type AccountNames, normalizeTargets, type Targets } from './share-targets.ts';

export const ADDRESS = /^[^@\s,]+@[^@\s,]+\.[^@\s,]+$/;
export const ACCOUNT = /^\d{12}$/;
export const ORGANIZATION = /^arn:aws[\w-]*:organizations::\d{12}:organization\/o-[a-z0-9]+$/;
export const ORGANIZATIONAL_UNIT = /^arn:aws[\w-]*:organizations::\d{12}:ou\/o-[a-z0-9]+\/ou-[a-z0-9-]+$/;
const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;

/** What applies to the builds of one image pipeline. */
interface PipelineRules extends ApprovalRules {
  readonly targets: Targets;
  /** The Regions whose AMIs are shared. Empty: all. */
  readonly regions: readonly string[];
}

/** The settings of the stack, and those of the parameter in SSM for some pipelines. */
export interface ApprovalSettings {
  rulesFor(pipeline: string | undefined): PipelineRules;
  /** The approvers of all pipelines. */
  readonly approvers: readonly string[];
  readonly accountNames: AccountNames;
}

function listOf(pattern: RegExp, max: number) {
  return z.optional(z.array(z.string().check(z.regex(pattern))).check(z.maxLength(max)));
}

/** A function, so that a bundle that does not need it does not contain it. */
function settingsSchema() {
  const pipeline = z.strictObject({
    pipeline: z.string().check(z.regex(NAME_PATTERN), z.maxLength(128)),
    approvers: listOf(ADDRESS, 15),
    required: z.optional(z.number().check(z.int(), z.minimum(1), z.maximum(15))),
    accounts: listOf(ACCOUNT, 200),
    organizations: listOf(ORGANIZATION, 20),
    organizationalUnits: listOf(ORGANIZATIONAL_UNIT, 50),
    copyingAccounts: listOf(ACCOUNT, 30),
    regions: listOf(REGION, 40),
  });
  return z.strictObject({
    pipelines: z._default(z.array(pipeline).check(z.maxLength(50)), []),
    accountNames: z._default(
      z.record(z.string().check(z.regex(ACCOUNT)), z.string().check(z.minLength(1), z.maxLength(60))),
      {},
    ),
  });
}

type SettingsDocument = z.infer<ReturnType<typeof settingsSchema>>;
type PipelineEntry = SettingsDocument['pipelines'][number];

/** What the parameters of the stack say. Functions that share nothing know no targets. */
export interface StackSettings extends ApprovalRules {
  readonly targets?: Targets;
  readonly accountNames?: AccountNames;
}

/**
 * @param text the JSON of the parameter in SSM; undefined if the stack names none
 * @throws ConfigurationError that names each invalid field and its value
 */
export function createSettings(
  stack: StackSettings,
  text: string | undefined,
  parameterName = '',
): ApprovalSettings {
  const { pipelines, accountNames } = parseSettings(text, parameterName);
  for (const entry of pipelines) checkCopying(entry, stack, parameterName);
  return {
    rulesFor: (pipeline) => {
      const entry = pipelines.find((one) => pipeline !== undefined && isMatchedBy(pipeline, [one.pipeline]));
      return mergeRules(stack, entry);
    },
    approvers: uniqueAddresses([...stack.approvers, ...pipelines.flatMap(({ approvers = [] }) => approvers)]),
    accountNames: { ...stack.accountNames, ...accountNames },
  };
}

function parseSettings(text: string | undefined, name: string): SettingsDocument {
  if (text === undefined) return { pipelines: [], accountNames: {} };
  const what = `the parameter ${name}`;
  try {
    return parseAs(settingsSchema(), parseJson(text, what), what);
  } catch (cause) {
    // Not an InvalidInputError: the page would show its message.
    throw new ConfigurationError(cause instanceof Error ? cause.message : String(cause));
  }
}

/** The role may share snapshots only with the accounts in the template. */
function checkCopying(
  { pipeline, copyingAccounts = [] }: PipelineEntry,
  { targets }: StackSettings,
  name: string,
): void {
  const unknown = targets ? copyingAccounts.find((one) => !targets.copying.includes(one)) : undefined;
  if (unknown === undefined) return;
  throw new ConfigurationError(
    `the parameter ${name}: copyingAccounts of ${pipeline} has ${unknown}, which is not in CopyingAccounts of the stack`,
  );
}

/** Fields that an entry leaves out come from the stack. An entry with any target replaces all targets of the stack. */
function mergeRules(
  { approvers, required, targets }: StackSettings,
  entry: PipelineEntry | undefined,
): PipelineRules {
  const own = {
    accounts: entry?.accounts ?? [],
    organizations: entry?.organizations ?? [],
    organizationalUnits: entry?.organizationalUnits ?? [],
    copying: entry?.copyingAccounts ?? [],
  };
  return {
    approvers: uniqueAddresses(entry?.approvers ?? approvers),
    required: entry?.required ?? required,
    targets: entry && hasOwnTargets(entry) ? normalizeTargets(own) : (targets ?? own),
    regions: entry?.regions ?? [],
  };
}

/** Also an empty list: it shares with nobody. */
function hasOwnTargets(entry: PipelineEntry): boolean {
  const { accounts, organizations, organizationalUnits, copyingAccounts } = entry;
  return [accounts, organizations, organizationalUnits, copyingAccounts].some((one) => one !== undefined);
}

/** Removes addresses that differ only in case: one person has one vote. The subscription has the first spelling. */
export function uniqueAddresses(addresses: readonly string[]): readonly string[] {
  const lowerCase = addresses.map((address) => address.toLowerCase());
  return addresses.filter((_, at) => lowerCase.indexOf(lowerCase[at] ?? '') === at);
}
