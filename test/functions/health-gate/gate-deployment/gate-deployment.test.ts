import { randomUUID } from 'node:crypto';
import {
  CodePipelineClient,
  PutJobFailureResultCommand,
  PutJobSuccessResultCommand,
} from '@aws-sdk/client-codepipeline';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeEventsCommand, type Event, HealthClient } from '@aws-sdk/client-health';
import { GetCalendarStateCommand, GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { healthRegions } from '../../../../functions/health-gate/aws/health-endpoint.ts';
import { handler } from '../../../../functions/health-gate/gate-deployment/handler.ts';
import { isRecord } from '../../../../shared/errors.ts';
import { fakeContext } from '../../../support/handlers/context.ts';
import { readEvent } from '../../../support/handlers/events.ts';
import { captureOutput } from '../../../support/handlers/output.ts';
import { holdTime, within } from '../../../support/handlers/time.ts';

const codePipeline = mockClient(CodePipelineClient);
const dynamo = mockClient(DynamoDBClient);
const health = mockClient(HealthClient);
const ssm = mockClient(SSMClient);
const sts = mockClient(STSClient);
const output = captureOutput();
holdTime();

const OVERRIDE = '/groundcrew/health-gate/override';

Object.assign(process.env, {
  AWS_REGION: 'eu-west-1',
  ACCOUNT_ID: '123456789012',
  GATE_TABLE: 'gate-records',
  READER_ROLE_ARN: 'arn:aws:iam::{account}:role/groundcrew-health-reader',
  ON_UNKNOWN: 'block',
  OVERRIDE_PARAMETER: OVERRIDE,
  MAX_OVERRIDE_HOURS: '24',
  DRY_RUN: 'false',
});

beforeEach(async () => {
  for (const client of [codePipeline, dynamo, health, ssm, sts]) client.reset();
  dynamo.on(GetItemCommand).resolves({});
  dynamo.on(PutItemCommand).resolves({});
  ssm.on(GetParametersCommand).resolves({ Parameters: [] });
  health.on(DescribeEventsCommand).resolves({ events: [] });
  sts.on(AssumeRoleCommand).callsFake(({ RoleArn }) => ({
    Credentials: { AccessKeyId: 'ASIAEXAMPLE', SecretAccessKey: 'secret of a role', SessionToken: RoleArn },
  }));
  // What the sandbox knows of the alias for the next minute: no test looks a name up.
  await healthRegions('eu-west-1', Date.now(), async () => ['health.us-east-2.amazonaws.com']);
});

const incident: Event = {
  arn: 'arn:aws:health:eu-west-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/1',
  eventTypeCode: 'AWS_EC2_OPERATIONAL_ISSUE',
  service: 'EC2',
  region: 'eu-west-1',
  eventScopeCode: 'PUBLIC',
  statusCode: 'open',
  startTime: new Date(Date.now() - 3_600_000),
};

interface Answer {
  readonly outputVariables?: Readonly<Record<string, string>>;
  readonly continuationToken?: string;
  readonly executionDetails?: { readonly summary?: string; readonly externalExecutionId?: string };
  readonly failureDetails?: {
    readonly type: string;
    readonly message: string;
    readonly externalExecutionId?: string;
  };
}

const elevenRegions =
  'eu-west-1,eu-west-2,eu-west-3,eu-north-1,eu-central-1,eu-central-2,eu-south-1,eu-south-2,us-east-1,us-east-2,us-west-2';

/** Under an id of its own: a sandbox gives the answer to a job that it has answered once more. */
function anotherJob() {
  const event = structuredClone(readEvent('codepipeline-job'));
  event['CodePipeline.job'].id = randomUUID();
  return event;
}

/** One job through the handler; the one answer that it gave. */
async function gate(
  userParameters?: object | string,
  continuationToken?: string,
  remainingMs = 60_000,
): Promise<Answer> {
  const event = anotherJob();
  const { data } = event['CodePipeline.job'];
  data.actionConfiguration.configuration.UserParameters = isRecord(userParameters)
    ? JSON.stringify(userParameters)
    : userParameters;
  data.continuationToken = continuationToken;
  await handler(event, fakeContext({ remainingMs }));
  const answers = codePipeline.calls().map(({ args }) => args[0].input as Answer);
  expect(answers).toHaveLength(1);
  const { artifactCredentials } = data;
  for (const secret of Object.values(artifactCredentials).filter((one) => typeof one === 'string'))
    expect(output.text()).not.toContain(secret);
  return answers[0] ?? {};
}

function refusal(name: string, httpStatusCode = 400): Error {
  return Object.assign(new Error('said AWS'), { name, $metadata: { httpStatusCode } });
}

/** The Regions of each question to AWS Health. */
function asked(): readonly (readonly string[])[] {
  return health.commandCalls(DescribeEventsCommand).map(({ args }) => args[0].input.filter?.regions ?? []);
}

describe('how AWS Health is asked', () => {
  it('for open issues in the Regions and the global services, all pages of them', async () => {
    health
      .on(DescribeEventsCommand)
      .resolvesOnce({ events: [], nextToken: 'page two' })
      .resolvesOnce({ events: [incident] });
    const answer = await gate('eu-west-1');
    expect(answer.failureDetails?.message).toMatch(
      /^Incident In Progress: AWS_EC2_OPERATIONAL_ISSUE in eu-west-1/,
    );
    const [first, second] = health.commandCalls(DescribeEventsCommand).map(({ args }) => args[0].input);
    expect(first).toMatchObject({
      maxResults: 100,
      filter: {
        regions: ['eu-west-1', 'global'],
        eventStatusCodes: ['open'],
        eventTypeCategories: ['issue'],
      },
    });
    expect(second).toMatchObject({ nextToken: 'page two', filter: first?.filter });
  });

  it('for ten Regions at a time', async () => {
    await gate(elevenRegions);
    expect(asked().map(({ length }) => length)).toEqual([10, 2]);
  });

  it('in the account of each target, in the name of its role', async () => {
    await gate({ accounts: ['111122223333', '123456789012', '444455556666'] });
    expect(sts.commandCalls(AssumeRoleCommand).map(({ args }) => args[0].input.RoleArn)).toEqual([
      'arn:aws:iam::111122223333:role/groundcrew-health-reader',
      'arn:aws:iam::444455556666:role/groundcrew-health-reader',
    ]);
    expect(asked()).toHaveLength(3);
  });

  it('in the account of a role that is named alone', async () => {
    const roleArn = 'arn:aws:iam::111122223333:role/groundcrew-health-reader';
    await gate({ roleArn });
    expect(sts.commandCalls(AssumeRoleCommand).map(({ args }) => args[0].input.RoleArn)).toEqual([roleArn]);
  });

  it('not at all within a minute of the last answer', async () => {
    const response = { readAt: Date.now() - 59_000, issues: [] };
    dynamo.on(GetItemCommand).resolves({ Item: marshall({ pk: 'response/', sk: '-', response }) });
    expect((await gate()).outputVariables?.Verdict).toBe('PASS');
    expect(asked()).toEqual([]);
  });

  it.each([
    ['an old response', -61_000],
    ['one of a clock that ran ahead', 5_000],
  ])('again after %s', async (_, age) => {
    const response = { readAt: Date.now() + age, issues: [] };
    dynamo.on(GetItemCommand).resolves({ Item: marshall({ pk: 'response/', sk: '-', response }) });
    health.on(DescribeEventsCommand).resolves({ events: [incident] });
    expect((await gate()).failureDetails?.type).toBe('JobFailed');
  });

  it('also when the readings cannot be kept', async () => {
    dynamo.rejects(refusal('ProvisionedThroughputExceededException'));
    expect((await gate()).outputVariables?.Verdict).toBe('PASS');
    expect(asked()).toHaveLength(1);
  });
});

describe('when AWS Health cannot be read', () => {
  it('asks the other endpoint', async () => {
    health
      .on(DescribeEventsCommand)
      .rejectsOnce(refusal('ServiceUnavailable', 503))
      .resolves({ events: [incident] });
    expect((await gate()).failureDetails?.type).toBe('JobFailed');
    expect(asked()).toHaveLength(2);
  });

  it('comes back until the budget is spent, and then blocks', async () => {
    health.on(DescribeEventsCommand).rejects(refusal('ThrottlingException'));
    let answer = await gate();
    for (let check = 2; check <= 4; check++) {
      expect(answer.executionDetails?.summary).toMatch(/A check failed: AWS Health .*ThrottlingException/);
      codePipeline.resetHistory();
      answer = await gate(undefined, answer.continuationToken);
    }
    expect(answer.failureDetails).toMatchObject({ type: 'SystemUnavailable' });
    expect(answer.failureDetails?.externalExecutionId).toMatch(/^groundcrew-health-gate\//);
  });

  it('or lets through, where the policy says so', async () => {
    health.on(DescribeEventsCommand).rejects(refusal('ThrottlingException'));
    const answer = await gate({ onUnknown: 'allow', errorBudget: 1 });
    expect(answer.outputVariables).toMatchObject({ Verdict: 'UNKNOWN' });
  });

  it.each([
    ['SubscriptionRequiredException', /its API needs AWS's Business/, 1],
    ['AccessDeniedException', /account 123456789012: AccessDeniedException: said AWS. Allow health:Desc/, 2],
  ])('%s is for a person to mend, and not waited for', async (name, message, questions) => {
    health.on(DescribeEventsCommand).rejects(refusal(name));
    const { failureDetails } = await gate({ mode: 'wait', onUnknown: 'allow' });
    expect(failureDetails).toMatchObject({
      type: 'PermissionError',
      message: expect.stringMatching(message),
    });
    expect(asked()).toHaveLength(questions);
    expect(dynamo.commandCalls(PutItemCommand)).toEqual([]);
  });

  it('a role that cannot be taken on is named', async () => {
    sts.on(AssumeRoleCommand).rejects(refusal('AccessDenied', 403));
    const { failureDetails } = await gate({ accounts: '111122223333' });
    expect(failureDetails?.type).toBe('PermissionError');
    expect(failureDetails?.message).toMatch(/AWS Health of account 111122223333: AccessDenied/);
  });

  it('one endpoint down and the other forbidden is unknown: it mends itself', async () => {
    health
      .on(DescribeEventsCommand)
      .rejects(refusal('AccessDeniedException'))
      .rejectsOnce(refusal('ServiceUnavailable', 503));
    const { outputVariables } = await gate({ onUnknown: 'allow', errorBudget: 1 });
    expect(outputVariables?.Verdict).toBe('UNKNOWN');
  });

  it.each<[string, (asked: { filter: { regions: string[] }; nextToken?: string }) => boolean]>([
    ['other Regions', ({ filter }) => !filter.regions.includes('eu-west-1')],
    ['the next page', ({ nextToken }) => nextToken !== undefined],
  ])('a known incident blocks although %s cannot be read', async (_, fails) => {
    health.on(DescribeEventsCommand).callsFake(async (asked) => {
      if (fails(asked)) throw refusal('ThrottlingException');
      return { events: [incident], nextToken: 'page two' };
    });
    health.on(DescribeEventsCommand, { nextToken: 'page two' }).callsFake(async (asked) => {
      if (fails(asked)) throw refusal('ThrottlingException');
      return { events: [] };
    });
    const regions = `${elevenRegions},us-west-1`;
    expect((await gate({ regions, onUnknown: 'allow', errorBudget: 1 })).failureDetails?.type).toBe(
      'JobFailed',
    );
  });

  it('an incident in one account blocks although another cannot be read', async () => {
    let questions = 0;
    health.on(DescribeEventsCommand).callsFake(async () => {
      questions += 1;
      if (questions > 1) throw refusal('ThrottlingException');
      return { events: [incident] };
    });
    const { failureDetails } = await gate({ accounts: '111122223333,444455556666' });
    expect(failureDetails?.type).toBe('JobFailed');
    expect(questions).toBeGreaterThan(1);
  });

  it('what hangs is unknown in time to say so', async () => {
    health
      .on(DescribeEventsCommand)
      .callsFake(() => new Promise((_, reject) => setTimeout(reject, 700, refusal('TimeoutError'))));
    const asked = gate({ onUnknown: 'allow', errorBudget: 1 }, undefined, 1_200);
    const { outputVariables } = await within(899, asked);
    expect(outputVariables?.Verdict).toBe('UNKNOWN');
  });
});

describe('the override', () => {
  const soon = new Date(Date.now() + 3_600_000).toISOString();

  it('of the pipeline asks nobody at all', async () => {
    health.rejects(new Error('down'));
    ssm.rejects(new Error('down'));
    dynamo.rejects(new Error('down'));
    const override = `${soon} hotfix for INC-42`;
    const { outputVariables } = await gate({ override, regions: 'not even a Region', policy: '/not/there' });
    expect(outputVariables).toMatchObject({ Verdict: 'OVERRIDDEN', OverrideReason: 'hotfix for INC-42' });
    expect([...health.calls(), ...ssm.calls(), ...dynamo.calls()]).toEqual([]);
    expect(output.text()).toMatch(/OVERRIDDEN until .*hotfix for INC-42/);
  });

  it('of all pipelines asks no AWS Health', async () => {
    ssm
      .on(GetParametersCommand)
      .resolves({ Parameters: [{ Name: OVERRIDE, Value: `${soon} region evacuation` }] });
    expect((await gate()).outputVariables?.Verdict).toBe('OVERRIDDEN');
    expect(health.calls()).toEqual([]);
  });

  it('of all pipelines fails nobody when it cannot be read, and allows no deployment', async () => {
    ssm.on(GetParametersCommand).resolves({ Parameters: [{ Name: OVERRIDE, Value: 'open sesame' }] });
    health.on(DescribeEventsCommand).resolves({ events: [incident] });
    expect((await gate()).failureDetails?.type).toBe('JobFailed');
    expect(output.text()).toMatch(/override for all pipelines ignored: invalid/);
  });

  it('of the pipeline fails it when it cannot be read', async () => {
    const { failureDetails } = await gate({ override: '2099-01-01T00:00:00Z because we can' });
    expect(failureDetails).toMatchObject({
      type: 'ConfigurationError',
      message: expect.stringMatching(/24 hours/),
    });
  });

  it('in a policy that lies in a parameter counts as well', async () => {
    const name = '/groundcrew/health-gate/prod';
    const Value = JSON.stringify({ override: `${soon} hotfix for INC-42` });
    ssm.on(GetParametersCommand).resolves({ Parameters: [{ Name: name, Value }] });
    expect((await gate(name)).outputVariables?.Verdict).toBe('OVERRIDDEN');
  });

  it('of all pipelines works although a policy may not be read', async () => {
    ssm.on(GetParametersCommand).rejects(refusal('AccessDeniedException'));
    ssm
      .on(GetParametersCommand, { Names: [OVERRIDE] })
      .resolves({ Parameters: [{ Name: OVERRIDE, Value: `${soon} region evacuation` }] });
    expect((await gate('/elsewhere/prod')).outputVariables?.Verdict).toBe('OVERRIDDEN');
  });
});

describe('a policy in a parameter', () => {
  const name = '/groundcrew/health-gate/prod';

  it('is read together with the override, in one call', async () => {
    const Value = '{"regions":"us-west-2","calendars":["freeze"]}';
    ssm.on(GetParametersCommand).resolves({ Parameters: [{ Name: name, Value }] });
    ssm.on(GetCalendarStateCommand).resolves({ State: 'CLOSED', NextTransitionTime: '2026-12-01T08:00:00Z' });
    const { failureDetails } = await gate(name);
    expect(failureDetails?.message).toMatch(
      /^Closed by Change Calendar until 2026-12-01T08:00:00Z: freeze\./,
    );
    expect(ssm.commandCalls(GetParametersCommand).map(({ args }) => args[0].input.Names)).toEqual([
      [OVERRIDE, name],
    ]);
  });

  it('that does not exist is a fault of the action', async () => {
    const { failureDetails } = await gate(name);
    expect(failureDetails).toMatchObject({ type: 'ConfigurationError' });
    expect(failureDetails?.message).toMatch(`no parameter "${name}" in eu-west-1`);
  });

  it('that cannot be read now is unknown, and one that may not be read is for a person to mend', async () => {
    ssm.on(GetParametersCommand).rejects(refusal('ThrottlingException'));
    expect((await gate(name)).continuationToken).toMatch(/"errors":1/);
    codePipeline.resetHistory();
    ssm.on(GetParametersCommand).rejects(refusal('AccessDeniedException'));
    expect((await gate(name)).failureDetails?.type).toBe('PermissionError');
  });

  it('that cannot be read for too long leaves a stop that names it', async () => {
    ssm.on(GetParametersCommand).rejects(refusal('ThrottlingException'));
    const { failureDetails } = await gate(
      name,
      JSON.stringify({ v: 1, since: Date.now() - 90_000, checks: 3, errors: 3 }),
    );
    expect(failureDetails).toMatchObject({ type: 'SystemUnavailable' });
    const [saved] = dynamo.commandCalls(PutItemCommand).map(({ args }) => args[0].input.Item);
    expect(failureDetails?.message).toMatch(/groundcrew-health-gate/);
    expect(unmarshall(saved ?? {}).stop.source).toEqual({ given: {}, parameter: name });
  });

  it('is no secret', async () => {
    ssm
      .on(GetParametersCommand)
      .resolves({ Parameters: [{ Name: name, Type: 'SecureString', Value: 'AQICAHh' }] });
    const { failureDetails } = await gate(name);
    expect(failureDetails?.message).toMatch(`expected "${name}" to be a String, got a SecureString`);
  });

  it('is not missed by actions that name none', async () => {
    ssm.on(GetParametersCommand).rejects(refusal('ThrottlingException'));
    expect((await gate()).outputVariables?.Verdict).toBe('PASS');
  });
});

describe('what a stop leaves behind', () => {
  const executionId = '12345678-1234-5678-abcd-12345678abcd';

  it('a record under the execution, without the override that came with it', async () => {
    health.on(DescribeEventsCommand).resolves({ events: [incident] });
    const { failureDetails } = await gate({ executionId, override: 'none' });
    expect(failureDetails?.externalExecutionId).toMatch(
      new RegExp(`^groundcrew-health-gate/${executionId}/`),
    );
    const written = dynamo.commandCalls(PutItemCommand).map(({ args }) => args[0].input.Item);
    const stop = written.find((item) => item?.pk?.S === `stop/${executionId}`);
    expect(stop?.stop?.M?.policy?.M).not.toHaveProperty('override');
    expect(stop?.expires?.N).toBeDefined();
  });

  it('another check when it could not be written down just now, and a failure in the end', async () => {
    health.on(DescribeEventsCommand).resolves({ events: [incident] });
    dynamo.on(PutItemCommand).rejects(refusal('ThrottlingException'));
    const { continuationToken } = await gate({ executionId, errorBudget: 2 });
    expect(continuationToken).toMatch(/"errors":1/);
    codePipeline.resetHistory();
    const { failureDetails } = await gate({ executionId, errorBudget: 2 }, continuationToken);
    expect(failureDetails?.message).toMatch(/retry the stage by hand/);
  });

  it('a failure nevertheless when nothing may be written down', async () => {
    health.on(DescribeEventsCommand).resolves({ events: [incident] });
    dynamo.on(PutItemCommand).rejects(refusal('AccessDeniedException'));
    const { failureDetails } = await gate({ executionId });
    expect(failureDetails?.type).toBe('JobFailed');
    expect(failureDetails?.message).toMatch(/retry the stage by hand/);
    expect(failureDetails?.message).not.toMatch(/groundcrew-health-gate/);
  });
});

describe('a gate that only warns never fails a stage', () => {
  const parameter = '/groundcrew/health-gate/prod';
  const undecided = { Verdict: 'MISCONFIGURED', message: expect.stringMatching(/^The gate cannot decide: /) };
  const warnings = () =>
    output.text().match(/"level":"WARN","message":"deployment allowed: the gate cannot decide"/g);

  it.each(['SubscriptionRequiredException', 'AccessDeniedException'])('%s', async (name) => {
    health.on(DescribeEventsCommand).rejects(refusal(name));

    const { outputVariables } = await gate({ mode: 'warn' });

    expect(outputVariables).toMatchObject(undecided);
    expect(warnings()).toHaveLength(1);
    expect(output.text()).toContain('"Verdict.MISCONFIGURED":1');
  });

  it.each<[string, object | string]>([
    ['a misspelled Region', { mode: 'warn', regions: 'us-esat-1' }],
    ['an unknown field', { mode: 'warn', regoins: 'us-east-1' }],
    ['broken JSON', '{"mode": "warn", "regions": ["eu-west-1"'],
    ['an invalid override', { mode: 'warn', override: 'tomorrow' }],
    ['a parameter that does not exist', { mode: 'warn', policy: parameter }],
  ])('%s', async (_, userParameters) => {
    const { outputVariables } = await gate(userParameters);

    expect(outputVariables).toMatchObject(undecided);
    expect(warnings()).toHaveLength(1);
  });

  it('a parameter that says it, with a mistake elsewhere', async () => {
    const Value = '{"mode":"warn","services":"EC 2"}';
    ssm.on(GetParametersCommand).resolves({ Parameters: [{ Name: parameter, Value }] });

    expect((await gate(parameter)).outputVariables).toMatchObject(undecided);
    codePipeline.resetHistory();
    expect((await gate({ policy: parameter, mode: 'fail' })).failureDetails?.type).toBe('ConfigurationError');
  });

  describe('because of a parameter that this process has read before', () => {
    const trial = '/groundcrew/health-gate/trial';

    beforeEach(async () => {
      const Value = '{"mode":"warn","services":"EC2"}';
      ssm.on(GetParametersCommand).resolves({ Parameters: [{ Name: trial, Value }] });
      await gate(trial);
      codePipeline.resetHistory();
    });

    it.each([
      ['SSM is throttled', 'ThrottlingException', 'UNKNOWN'],
      ['the permission is gone', 'AccessDeniedException', 'MISCONFIGURED'],
    ])('although %s', async (_, name, verdict) => {
      ssm.on(GetParametersCommand).rejects(refusal(name));

      expect((await gate(trial)).outputVariables).toMatchObject({ Verdict: verdict });
    });

    it('although UserParameters became invalid', async () => {
      const { outputVariables } = await gate({ policy: trial, regoins: 'us-east-1' });

      expect(outputVariables).toMatchObject(undecided);
    });

    it('but only if the action names no other mode, and no other parameter', async () => {
      ssm.on(GetParametersCommand).rejects(refusal('AccessDeniedException'));
      const strict = await gate({ policy: trial, mode: 'fail' });
      codePipeline.resetHistory();
      const other = await gate('/groundcrew/health-gate/other');

      expect([strict.failureDetails?.type, other.failureDetails?.type]).toEqual([
        'PermissionError',
        'PermissionError',
      ]);
    });
  });

  it('a fault in the settings of the function, and in a dry run', async () => {
    process.env.MAX_OVERRIDE_HOURS = 'many';
    const warned = await gate({ mode: 'warn' });
    codePipeline.resetHistory();
    process.env.DRY_RUN = 'true';
    const dry = await gate('us-esat-1');
    Object.assign(process.env, { MAX_OVERRIDE_HOURS: '24', DRY_RUN: 'false' });

    expect([warned.outputVariables?.Verdict, dry.outputVariables?.Verdict]).toEqual([
      'MISCONFIGURED',
      'MISCONFIGURED',
    ]);
  });

  it('no time left', async () => {
    health
      .on(DescribeEventsCommand)
      .callsFake(() => new Promise((resolve) => setTimeout(resolve, 2_000, { events: [] })));
    const event = anotherJob();
    event['CodePipeline.job'].data.actionConfiguration.configuration.UserParameters = '{"mode":"warn"}';

    await within(399, handler(event, fakeContext({ remainingMs: 400 })));

    expect(codePipeline.commandCalls(PutJobFailureResultCommand)).toEqual([]);
    expect(codePipeline.commandCalls(PutJobSuccessResultCommand)).toHaveLength(1);
  });
});

describe('always one answer', () => {
  it('says that it was answered already, and throws nothing', async () => {
    codePipeline.on(PutJobSuccessResultCommand).rejects(refusal('InvalidJobStateException'));
    await gate();
    expect(output.text()).toMatch(/reported before/);
  });

  it('a fault in its own settings is answered too', async () => {
    process.env.MAX_OVERRIDE_HOURS = 'many';
    const { failureDetails } = await gate();
    process.env.MAX_OVERRIDE_HOURS = '24';
    expect(failureDetails).toMatchObject({
      type: 'ConfigurationError',
      message: expect.stringMatching(/MAX_OVERRIDE_HOURS/),
    });
    expect(codePipeline.commandCalls(PutJobFailureResultCommand)).toHaveLength(1);
  });

  it('also when time runs out', async () => {
    health
      .on(DescribeEventsCommand)
      .callsFake(() => new Promise((resolve) => setTimeout(resolve, 2_000, { events: [] })));
    await within(399, handler(anotherJob(), fakeContext({ remainingMs: 400 })));
    const [answer] = codePipeline.commandCalls(PutJobFailureResultCommand).map(({ args }) => args[0].input);
    expect(answer?.failureDetails?.type).toBe('SystemUnavailable');
  });
});
