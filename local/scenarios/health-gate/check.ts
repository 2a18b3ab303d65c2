import assert from 'node:assert/strict';
import { countCalls } from '../../scenario-kit/calls.ts';
import { setCalendar } from '../../scenario-kit/emulated-state.ts';
import { openIncident } from '../../scenario-kit/health.ts';
import type { Outcome, Scenario } from '../../scenario-kit/scenario.ts';
import { signRequest } from '../../scenario-kit/signed-request.ts';
import type { World } from '../../scenario-kit/world.ts';
import { MINUTE, putParameter } from './pipeline.ts';

const URL_PATH = '/_url/CheckHealthAddress/';

/** What CheckHealth answered, in order. */
type Answers = unknown[];

export const checkScenarios = [
  checkScenario('a build system asks, with a policy from a parameter', {
    async act(world, answers) {
      await putParameter(
        world,
        '/groundcrew/health-gate/prod',
        '{"services":["LAMBDA"],"calendars":["releases"]}',
      );
      setCalendar(world, 'releases', { state: 'OPEN' });
      const question = { policy: '/groundcrew/health-gate/prod', regions: ['eu-west-1', 'us-east-1'] };
      await openIncident(world);
      answers.push(await ask(world, question));
      await openIncident(world, { service: 'LAMBDA' });
      await world.advance(2 * MINUTE);
      answers.push(await ask(world, question));
    },
    expect({ state, detail }, calls) {
      assert.deepEqual(state, { verdicts: ['PASS: deploy', 'BLOCK: wait'] });
      const [clear, blocked] = answersIn(detail);
      assert.deepEqual(clear?.events, []);
      assert.deepEqual(
        blocked?.events?.map(({ code, region, service }) => ({ code, region, service })),
        [{ code: 'AWS_LAMBDA_OPERATIONAL_ISSUE', region: 'eu-west-1', service: 'LAMBDA' }],
      );
      assert.match(blocked?.askAgainAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.equal(countCalls(calls, 'DescribeEvents'), 2);
    },
  }),

  checkScenario('a build system asks about another account and with a misspelled Region', {
    async act(world, answers) {
      answers.push(await ask(world, { accounts: ['111122223333'] }));
      answers.push(await ask(world, { regions: 'us-esat-1' }));
      answers.push(await ask(world, 'eu-west-1,us-esat-1'));
      answers.push(await ask(world, { regions: 'us-esat-1', mode: 'warn' }));
    },
    expect({ state, detail }, calls) {
      assert.deepEqual(state, {
        verdicts: ['PASS: deploy', 'MISCONFIGURED: wait', 'MISCONFIGURED: wait', 'MISCONFIGURED: deploy'],
      });
      assert.equal(answersIn(detail)[1]?.error, 'regions: "us-esat-1" is not an AWS Region');
      assert.equal(countCalls(calls, 'AssumeRole'), 1);
    },
  }),

  checkScenario('only signed requests to the function URL are answered', {
    async act(world, answers) {
      await openIncident(world);
      const refused = await world.http(URL_PATH, { method: 'POST', body: '{}' });
      answers.push(refused.status);
      const signed = await signRequest(world, refused.url, '{"services":["EC2"]}');
      answers.push((await world.http(URL_PATH, { ...signed, body: '{"services":["S3"]}' })).status);
      answers.push(await (await world.http(URL_PATH, signed)).json());
      const bad = await world.http(URL_PATH, await signRequest(world, refused.url, '{"service":"EC2"}'));
      answers.push(bad.status, await bad.json());
    },
    expect({ state, detail }) {
      assert.deepEqual(state, { verdicts: ['403', '403', 'BLOCK: wait', '400', 'MISCONFIGURED: wait'] });
      assert.equal(answersIn(detail)[4]?.error, 'input: it must have no member "service", got an object');
    },
    // A person or a script repeats the request; the decision is the same as that of a direct call, which is swept.
    sweep: false,
  }),
];

/** A build system repeats a call that failed, and asks again when AWS Health could not be read. */
async function ask(world: World, question: unknown): Promise<unknown> {
  const call = () => world.invoke('CheckHealth', question);
  const answer = await call().catch(call);
  return describeAnswer(answer) === 'UNKNOWN: wait' ? call() : answer;
}

interface Answer {
  readonly verdict: string;
  readonly deploy: boolean;
  readonly events: readonly Readonly<Record<string, string>>[];
  readonly askAgainAt?: string;
  readonly error?: string;
}

function checkScenario(
  name: string,
  parts: Pick<Scenario<Answers>, 'act' | 'expect' | 'sweep'>,
): Scenario<Answers> {
  return { wing: 'health-gate', name, arrange: async () => [], observe: observeAnswers, ...parts };
}

async function observeAnswers(_: World, answers: Answers): Promise<Outcome> {
  return { state: { verdicts: answers.map(describeAnswer) }, detail: answers };
}

function describeAnswer(answer: unknown): string {
  if (typeof answer === 'number') return String(answer);
  const [{ verdict, deploy } = {}] = answersIn([answer]);
  return `${verdict}: ${deploy ? 'deploy' : 'wait'}`;
}

function answersIn(detail: unknown): readonly Partial<Answer>[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: CheckHealth gave these answers
  return detail as readonly Answer[];
}
