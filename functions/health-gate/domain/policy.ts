import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { parseAs, parseJson } from '#shared/parse.ts';
import { formatValue } from '#shared/redact.ts';
import { parseRegions } from './regions.ts';

/** What lets a deployment through. */
export interface Policy {
  /** Where it deploys to. Events of AWS's global services count in any case. */
  readonly regions: readonly string[];
  /** Codes of AWS Health's services, such as EC2; none means all. */
  readonly services: readonly string[];
  /** Whose AWS Health is asked; none means the pipeline's own account. */
  readonly accounts: readonly string[];
  /** The role to take on in each of them; `{account}` stands for the account's id. */
  readonly roleArn?: string;
  readonly mode: Mode;
  readonly maxWaitMinutes: number;
  /** What to do when AWS Health cannot be read for longer than the error budget lasts. */
  readonly onUnknown: 'block' | 'allow';
  /** Checks in a row that may fail before `onUnknown` decides. CodePipeline comes back about every 30 s. */
  readonly errorBudget: number;
  /** Event type codes, with * for any characters. */
  readonly ignoreCodes: readonly string[];
  readonly blockCodes: readonly string[];
  /** Some events are never closed: older ones stop counting. */
  readonly maxEventAgeDays: number;
  /** Whether an event with an end time in the past is over although AWS has not closed it. */
  readonly endedIsOver: boolean;
  /** Systems Manager Change Calendars, by name or ARN; all must be open. */
  readonly calendars: readonly string[];
  /** A break-glass that came with the execution, unread. */
  readonly override?: string;
  /** `#{codepipeline.PipelineExecutionId}`: finds the gate's record should the action's event carry no marker. */
  readonly executionId?: string;
}

export type Mode = 'fail' | 'wait' | 'warn';

/** What is taken where the policy says nothing. */
export interface PolicyDefaults {
  readonly region: string;
  readonly onUnknown: Policy['onUnknown'];
}

/** What an action's UserParameters say: a policy, or part of one and the name of the parameter with the rest. */
export interface GateParameters {
  readonly given: GivenPolicy;
  readonly parameter: string | undefined;
}

type GivenPolicy = z.output<typeof schema>;

// An array, or text parted by commas as AWS's own sample takes it.
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
});

/**
 * The forms that UserParameters may have: nothing, a policy as JSON, the name of an SSM parameter that holds one
 * (it begins with a slash), or Regions parted by commas; behind each of them ` override=` and the rest of the text, which
 * a pipeline variable can fill without touching what stands before it.
 *
 * @throws BadInput naming the field and the value it got
 */
export function parseUserParameters(userParameters: string | undefined): GateParameters {
  const [, before = '', override] = /^(.*?)(?:\s+override=(.*))?$/s.exec(` ${userParameters ?? ''}`) ?? [];
  const text = before.trim();
  const behind = override === undefined ? {} : { override };
  if (text.startsWith('/')) return { given: behind, parameter: text };
  const given = { ...parseGivenPolicy(text, 'UserParameters'), ...behind };
  return { given, parameter: given.policy };
}

/** The whole policy: the parameter's text, over it what the action itself says, below both the defaults. */
export function buildPolicy(
  ask: GateParameters,
  parameterText: string | undefined,
  defaults: PolicyDefaults,
): Policy {
  const stored =
    parameterText === undefined ? {} : parseGivenPolicy(parameterText.trim(), ask.parameter ?? 'policy');
  if (stored.policy !== undefined)
    throw new InvalidInputError(
      `${ask.parameter}: a policy in a parameter cannot name another, got ${formatValue(stored.policy)}`,
    );
  const { policy: _, ...said } = { ...stored, ...ask.given };
  if ((said.accounts?.length ?? 0) > 1 && said.roleArn?.includes('{account}') === false)
    throw new InvalidInputError(
      `roleArn: expected {account} in the place of the account's id, got ${formatValue(said.roleArn)}`,
    );
  return {
    mode: 'fail',
    maxWaitMinutes: 60,
    onUnknown: defaults.onUnknown,
    errorBudget: 4,
    maxEventAgeDays: 7,
    endedIsOver: false,
    ...said,
    regions: parseRegions(said.regions ?? [defaults.region], defaults.region),
    services: parseEntries('services', said.services, serviceCode),
    accounts: parseEntries('accounts', said.accounts, account),
    ignoreCodes: parseEntries('ignoreCodes', said.ignoreCodes, eventTypeCode),
    blockCodes: parseEntries('blockCodes', said.blockCodes, eventTypeCode),
    calendars: parseEntries('calendars', said.calendars, calendar),
  };
}

interface EntryRule {
  readonly shape: RegExp;
  readonly expected: string;
  readonly isExact?: true;
}

const serviceCode: EntryRule = {
  shape: /^[A-Z0-9_]{2,100}$/,
  expected: 'the code of a service, such as EC2',
};
const account: EntryRule = { shape: /^\d{12}$/, expected: 'an account of twelve digits' };
const eventTypeCode: EntryRule = {
  shape: /^[A-Z0-9_*]{1,100}$/,
  expected: 'an event type code, * for any part of it',
};
const calendar: EntryRule = {
  shape: /^\S{1,400}$/,
  expected: 'the name or ARN of a Change Calendar',
  isExact: true,
};

function parseGivenPolicy(text: string, what: string): GivenPolicy {
  if (text === '') return {};
  if (text.startsWith('{')) return parseAs(schema, parseJson(text, what), what);
  return { regions: text.split(',') };
}

function parseEntries(field: string, entries: readonly string[] = [], kind: EntryRule): string[] {
  const read = entries.map((entry) => (kind.isExact ? entry.trim() : entry.trim().toUpperCase()));
  const odd = read.find((entry) => !kind.shape.test(entry));
  if (odd !== undefined)
    throw new InvalidInputError(`${field}: expected ${kind.expected}, got ${formatValue(odd)}`);
  return [...new Set(read)].sort();
}
