import { describe, expect, it } from 'vitest';
import {
  buildPolicy,
  type Policy,
  parseUserParameters,
} from '../../../../functions/health-gate/domain/policy.ts';
import { isRegion } from '../../../../functions/health-gate/domain/regions.ts';

const defaults = { region: 'eu-west-1', onUnknown: 'block' } as const;

/** The policy of an action with these UserParameters, and of the parameter that they name. */
function read(userParameters: string | undefined, parameterText?: string): Policy {
  return buildPolicy(parseUserParameters(userParameters), parameterText, defaults);
}

const usual: Policy = {
  regions: ['eu-west-1'],
  services: [],
  accounts: [],
  mode: 'fail',
  maxWaitMinutes: 60,
  onUnknown: 'block',
  errorBudget: 4,
  ignoreCodes: [],
  blockCodes: [],
  maxEventAgeDays: 7,
  endedIsOver: false,
  overrideResumes: true,
  calendars: [],
};

describe('UserParameters', () => {
  it.each([
    ['nothing', undefined, {}],
    ['blanks', '  \n', {}],
    ["AWS's sample, as it is", 'us-east-1,eu-west-1', { regions: ['eu-west-1', 'us-east-1'] }],
    ['blanks and capitals', ' US-East-1 , eu-west-1,us-east-1', { regions: ['eu-west-1', 'us-east-1'] }],
    ['global services alone', 'global', { regions: [] }],
    [
      'a policy',
      '{"regions":["us-west-2"],"services":"ec2, lambda","mode":"wait","maxWaitMinutes":90}',
      { regions: ['us-west-2'], services: ['EC2', 'LAMBDA'], mode: 'wait', maxWaitMinutes: 90 },
    ],
    ['accounts', '{"accounts":["111122223333"]}', { accounts: ['111122223333'] }],
    ['codes', '{"ignoreCodes":"aws_vpn_*"}', { ignoreCodes: ['AWS_VPN_*'] }],
    [
      'an execution',
      '{"executionId":"12345678-1234-5678-abcd-12345678abcd"}',
      { executionId: '12345678-1234-5678-abcd-12345678abcd' },
    ],
  ])('%s', (_, text, said) => {
    expect(read(text)).toEqual({ ...usual, ...said });
  });

  it.each([
    ['a typo in a Region', 'us-esat-1', 'regions: "us-esat-1" is not an AWS Region'],
    ['a trailing comma', 'us-east-1,', 'regions: "" is not an AWS Region'],
    ['a Region of China', 'cn-north-1', 'regions: "cn-north-1" is in another AWS partition than eu-west-1'],
    ['no Region', '{"regions":[]}', 'regions: expected at least one Region, got none'],
    [
      'a misspelt field',
      '{"regoins":"us-east-1"}',
      'UserParameters: it must have no member "regoins", got an object',
    ],
    ['broken JSON', '{"regions":', 'UserParameters: expected JSON, got "{\\"regions\\":"'],
    [
      'an unknown mode',
      '{"mode":"block"}',
      'UserParameters: mode must be "fail" or "wait" or "warn", got "block"',
    ],
    [
      'a wait beyond the day',
      '{"maxWaitMinutes":1441}',
      'UserParameters: maxWaitMinutes must be at most 1380, got 1441',
    ],
    ['half a minute', '{"maxWaitMinutes":0.5}', 'UserParameters: maxWaitMinutes must be an int, got 0.5'],
    ['an account', '{"accounts":"1234"}', 'accounts: expected an account of twelve digits, got "1234"'],
    [
      'a code',
      '{"blockCodes":"AWS EC2"}',
      'blockCodes: expected an event type code, * for any part of it, got "AWS EC2"',
    ],
    [
      'a service by its endpoint',
      '{"services":"elastic-load"}',
      'services: expected the code of a service, such as EC2, got "ELASTIC-LOAD"',
    ],
    ['a zone', '{"zones":"eu-west-1"}', 'zones: expected a zone of eu-west-1, got "eu-west-1"'],
    [
      'a zone of another Region',
      '{"zones":"us-east-1a"}',
      'zones: expected a zone of eu-west-1, got "us-east-1a"',
    ],
    ['a calendar', '{"calendars":[""]}', 'calendars: expected the name or ARN of a Change Calendar, got ""'],
  ])('%s is refused', (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('one role cannot be that of several accounts', () => {
    const text = (roleArn: string) => JSON.stringify({ roleArn, accounts: ['111122223333', '444455556666'] });
    expect(() => read(text('arn:aws:iam::111122223333:role/reader'))).toThrow(/^roleArn: expected {account}/);
    expect(read(text('arn:aws:iam::{account}:role/reader')).accounts).toHaveLength(2);
  });
});

it('zones are names in lower case, without duplicates', () => {
  expect(read('{"zones":"eu-west-1B, eu-west-1a,eu-west-1b"}').zones).toEqual(['eu-west-1a', 'eu-west-1b']);
  expect(read('{}')).not.toHaveProperty('zones');
});

it("the function's own Region is a Region, however new it is", () => {
  const newRegion = { region: 'eu-north-7', onUnknown: 'block' } as const;
  const regionsOf = (text: string) => buildPolicy(parseUserParameters(text), undefined, newRegion).regions;

  expect(regionsOf('')).toEqual(['eu-north-7']);
  expect(regionsOf('eu-north-7,eu-west-1')).toEqual(['eu-north-7', 'eu-west-1']);
  expect(() => regionsOf('eu-north-8')).toThrow('regions: "eu-north-8" is not an AWS Region');
});

describe('an override behind the policy', () => {
  const rest = '2026-11-21T18:00:00Z hotfix", "ignoreCodes":"*';

  it.each([
    [
      'a policy',
      `{"mode":"wait"} override=${rest}`,
      { given: { mode: 'wait', override: rest }, parameter: undefined },
    ],
    ['a parameter', `/p override=${rest}`, { given: { override: rest }, parameter: '/p' }],
    [
      'Regions',
      `us-east-1 override=${rest}`,
      { given: { regions: ['us-east-1'], override: rest }, parameter: undefined },
    ],
    ['nothing', `override=${rest}`, { given: { override: rest }, parameter: undefined }],
    ['a policy, and empty', '{} override=', { given: { override: '' }, parameter: undefined }],
  ])('of %s leaves what stands before it alone', (_, text, expected) => {
    expect(parseUserParameters(text)).toEqual(expected);
  });
});

describe('a policy in a parameter', () => {
  it('is named alone, or together with what is said over it', () => {
    expect(parseUserParameters('/groundcrew/health-gate/prod')).toEqual({
      given: {},
      parameter: '/groundcrew/health-gate/prod',
    });
    const policy = read(
      '{"policy":"/p","mode":"warn"}',
      '{"mode":"wait","regions":"us-west-2","services":["EC2"]}',
    );
    expect(policy).toEqual({ ...usual, mode: 'warn', regions: ['us-west-2'], services: ['EC2'] });
  });

  it('may be a comma list too', () => {
    expect(read('/p', ' us-east-1, us-east-2\n').regions).toEqual(['us-east-1', 'us-east-2']);
  });

  it('is named when it cannot be read', () => {
    expect(() => read('/p', '{"modes":"wait"}')).toThrow('/p: it must have no member "modes"');
    expect(() => read('/p', '{"policy":"/q"}')).toThrow(
      '/p: a policy in a parameter cannot name another, got "/q"',
    );
  });
});

it('knows every Region that the SDK knows', async () => {
  const table = new URL(
    '../../../../node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js',
    import.meta.url,
  );
  const { partitionsInfo }: PartitionTable = await import(table.href);
  // Neither those of the secret partitions nor what stands for a partition's global services.
  const open = partitionsInfo.partitions.filter(({ id }) => !id.startsWith('aws-iso'));
  const known = open
    .flatMap(({ regions }) => Object.keys(regions))
    .filter((region) => !region.endsWith('-global'));
  expect(known.length).toBeGreaterThan(30);
  expect(known.filter((region) => !isRegion(region))).toEqual([]);
});

interface PartitionTable {
  readonly partitionsInfo: {
    readonly partitions: readonly {
      readonly id: string;
      readonly regions: Readonly<Record<string, unknown>>;
    }[];
  };
}
