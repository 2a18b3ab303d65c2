import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { parseAs, parseJson } from '#shared/parse.ts';
import { formatValue } from '#shared/redact.ts';
import { parseRegions, parseZones } from './regions.ts';

/** The rules that allow or stop a deployment. */
export interface Policy {
  /** The Regions it deploys to. Events of AWS's global services always count. */
  readonly regions: readonly string[];
  /** Availability Zones, by name. Of their Regions, issues of other zones do not count. */
  readonly zones?: readonly string[];
  /** Service codes of AWS Health, such as EC2. Empty means all. */
  readonly services: readonly string[];
  /** Accounts whose AWS Health is read. Empty means the pipeline's own account. */
  readonly accounts: readonly string[];
  /** The role to assume in each account; `{account}` stands for the account id. */
  readonly roleArn?: string;
  readonly mode: Mode;
  readonly maxWaitMinutes: number;
  /** What to do after `errorBudget` failed checks in a row. */
  readonly onUnknown: 'block' | 'allow';
  /** Failed checks in a row before `onUnknown` decides. CodePipeline repeats a check about every 30 s. */
  readonly errorBudget: number;
  /** Event type codes; * stands for any characters. */
  readonly ignoreCodes: readonly string[];
  readonly blockCodes: readonly string[];
  /** Older events are ignored, because AWS never closes some of them. */
  readonly maxEventAgeDays: number;
  /** Whether an open event with an end time in the past counts as over. */
  readonly endedIsOver: boolean;
  /** Systems Manager Change Calendars, by name or ARN; all must be open. */
  readonly calendars: readonly string[];
  /** The text of an override that came with the execution, not parsed yet. */
  readonly override?: string;
  /** `#{codepipeline.PipelineExecutionId}`: finds the saved stop if the action's event has no marker. */
  readonly executionId?: string;
  /** Whether an override for all pipelines also resumes what this gate has stopped. */
  readonly overrideResumes: boolean;
}

type Mode = 'fail' | 'wait' | 'warn';

/** Values for fields that the policy leaves out. */
export interface PolicyDefaults {
  readonly region: string;
  readonly onUnknown: Policy['onUnknown'];
}

/** An action's UserParameters: a policy, or a part of it and the name of the parameter with the rest. */
export interface GateParameters {
  readonly given: GivenPolicy;
  readonly parameter: string | undefined;
}

type GivenPolicy = z.output<typeof schema>;

// An array, or comma-separated text as in AWS's own sample.
const list = z.union([
  z.array(z.string()),
  z.pipe(
    z.string(),
    z.transform((text) => text.split(',')),
  ),
]);
const wholeNumber = (min: number, max: number) => z.int().check(z.gte(min), z.lte(max));

const schema = z.strictObject({
  policy: z.exactOptional(z.string()),
  regions: z.exactOptional(list),
  zones: z.exactOptional(list),
  services: z.exactOptional(list),
  accounts: z.exactOptional(list),
  roleArn: z.exactOptional(
    z.string().check(z.regex(/^arn:[\w-]+:iam::(\d{12}|\{account\}):role\/[\w+=,.@/-]{1,576}$/)),
  ),
  mode: z.exactOptional(z.enum(['fail', 'wait', 'warn'])),
  maxWaitMinutes: z.exactOptional(wholeNumber(1, 1380)), // CodePipeline ends a Lambda action after 24 hours
  onUnknown: z.exactOptional(z.enum(['block', 'allow'])),
  errorBudget: z.exactOptional(wholeNumber(1, 100)),
  ignoreCodes: z.exactOptional(list),
  blockCodes: z.exactOptional(list),
  maxEventAgeDays: z.exactOptional(wholeNumber(1, 90)),
  endedIsOver: z.exactOptional(z.boolean()),
  calendars: z.exactOptional(list),
  override: z.exactOptional(z.string()),
  executionId: z.exactOptional(z.string().check(z.regex(/^[\w-]{1,100}$/))),
  overrideResumes: z.exactOptional(z.boolean()),
});

/**
 * UserParameters may be empty, a policy as JSON, the name of an SSM parameter with a policy (starts with a slash), or
 * comma-separated Regions. Each form may end with ` override=<text>`, so that a pipeline variable can fill the override.
 *
 * @throws InvalidInputError with the field and its value
 */
export function parseUserParameters(
  userParameters: string | undefined,
  what = 'UserParameters',
): GateParameters {
  const [, before = '', override] = /^(.*?)(?:\s+override=(.*))?$/s.exec(` ${userParameters ?? ''}`) ?? [];
  const text = before.trim();
  const overrideField = override === undefined ? {} : { override };
  if (text.startsWith('/')) return { given: overrideField, parameter: text };
  const given = { ...parseGivenPolicy(text, what), ...overrideField };
  return { given, parameter: given.policy };
}

/** The same from a value: a text like UserParameters, or a policy as an object. @throws InvalidInputError */
export function parseParameters(value: unknown, what: string): GateParameters {
  if (typeof value === 'string') return parseUserParameters(value, what);
  const given = parseAs(schema, value ?? {}, what);
  return { given, parameter: given.policy };
}

/** The complete policy. The action's fields win over the parameter's, and both over the defaults. */
export function buildPolicy(
  parameters: GateParameters,
  parameterText: string | undefined,
  defaults: PolicyDefaults,
): Policy {
  const stored =
    parameterText === undefined
      ? {}
      : parseGivenPolicy(parameterText.trim(), parameters.parameter ?? 'policy');
  if (stored.policy !== undefined)
    throw new InvalidInputError(
      `${parameters.parameter}: a policy in a parameter cannot name another, got ${formatValue(stored.policy)}`,
    );
  const { policy: _, ...fields } = { ...stored, ...parameters.given };
  if ((fields.accounts?.length ?? 0) > 1 && fields.roleArn?.includes('{account}') === false)
    throw new InvalidInputError(
      `roleArn: expected {account} in the place of the account's id, got ${formatValue(fields.roleArn)}`,
    );
  const regions = parseRegions(fields.regions ?? [defaults.region], defaults.region);
  return {
    mode: 'fail',
    maxWaitMinutes: 60,
    onUnknown: defaults.onUnknown,
    errorBudget: 4,
    maxEventAgeDays: 7,
    endedIsOver: false,
    overrideResumes: true,
    ...fields,
    regions,
    ...(fields.zones && { zones: parseZones(fields.zones, regions) }),
    services: parseEntries('services', fields.services, serviceCode),
    accounts: parseEntries('accounts', fields.accounts, account),
    ignoreCodes: parseEntries('ignoreCodes', fields.ignoreCodes, eventTypeCode),
    blockCodes: parseEntries('blockCodes', fields.blockCodes, eventTypeCode),
    calendars: parseEntries('calendars', fields.calendars, calendar),
  };
}

/**
 * Whether the first text that has a mode says `warn`. Such a gate must never fail a stage, so the texts need not be
 * valid otherwise.
 */
export function isWarnOnly(...texts: readonly (string | undefined)[]): boolean {
  const modes = texts.map((text) => /"mode"\s*:\s*"(\w+)"/.exec(text ?? '')?.[1]);
  return modes.find((mode) => mode !== undefined) === 'warn';
}

/** The parameter that a text names, even if the text is invalid otherwise. */
export function parameterIn(userParameters: string | undefined): string | undefined {
  return /(?:^\s*|"policy"\s*:\s*")(\/[\w./-]+)/.exec(userParameters ?? '')?.[1];
}

interface EntryRule {
  readonly pattern: RegExp;
  readonly expected: string;
  readonly isCaseSensitive?: true;
}

const serviceCode: EntryRule = {
  pattern: /^[A-Z0-9_]{2,100}$/,
  expected: 'the code of a service, such as EC2',
};
const account: EntryRule = { pattern: /^\d{12}$/, expected: 'an account of twelve digits' };
const eventTypeCode: EntryRule = {
  pattern: /^[A-Z0-9_*]{1,100}$/,
  expected: 'an event type code, * for any part of it',
};
const calendar: EntryRule = {
  pattern: /^\S{1,400}$/,
  expected: 'the name or ARN of a Change Calendar',
  isCaseSensitive: true,
};

function parseGivenPolicy(text: string, what: string): GivenPolicy {
  if (text === '') return {};
  if (text.startsWith('{')) return parseAs(schema, parseJson(text, what), what);
  return { regions: text.split(',') };
}

function parseEntries(field: string, entries: readonly string[] = [], rule: EntryRule): string[] {
  const parsed = entries.map((entry) => (rule.isCaseSensitive ? entry.trim() : entry.trim().toUpperCase()));
  const invalid = parsed.find((entry) => !rule.pattern.test(entry));
  if (invalid !== undefined)
    throw new InvalidInputError(`${field}: expected ${rule.expected}, got ${formatValue(invalid)}`);
  return [...new Set(parsed)].sort();
}
