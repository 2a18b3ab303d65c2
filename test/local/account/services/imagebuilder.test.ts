import {
  GetImageCommand,
  GetWorkflowStepExecutionCommand,
  ImagebuilderClient,
  ListWaitingWorkflowStepsCommand,
  SendWorkflowStepActionCommand,
} from '@aws-sdk/client-imagebuilder';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ImageBuilderState } from '../../../../local/account/services/imagebuilder.ts';
import { emulatedState } from '../../../../local/scenario-kit/emulated-state.ts';
import { errorOf, type Fixture, openAccount } from '../fixture.ts';
import { worldOf } from '../world.ts';

const imageArn = 'arn:aws:imagebuilder:eu-west-1:123456789012:image/web/1.0.0/1';
const step = (n: number): string => `step-00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

let fixture: Fixture;
let client: ImagebuilderClient;

beforeAll(async () => {
  fixture = await openAccount();
  client = fixture.client(ImagebuilderClient);
});
beforeEach(() => fixture.account.reset());
afterAll(() => fixture?.account.close());

function state(): ImageBuilderState {
  return emulatedState(worldOf(fixture), 'imagebuilder');
}

function wait(n: number, timeoutSeconds = 60): void {
  state().steps.set(step(n), { imageArn, name: `Step${n}`, startedAt: fixture.clock.now(), timeoutSeconds });
}

function send(n: number, more: object = {}) {
  const input = {
    stepExecutionId: step(n),
    imageBuildVersionArn: imageArn,
    reason: 'fine',
    clientToken: `t${n}`,
  };
  return client.send(new SendWorkflowStepActionCommand({ ...input, action: 'RESUME', ...more }));
}

const describeStep = (n: number) =>
  client.send(new GetWorkflowStepExecutionCommand({ stepExecutionId: step(n) }));

test('an image exists if a scenario created it', async () => {
  state().images.set(imageArn, { arn: imageArn, name: 'web' });
  expect((await client.send(new GetImageCommand({ imageBuildVersionArn: imageArn }))).image?.name).toBe(
    'web',
  );
  const unknown = client.send(new GetImageCommand({ imageBuildVersionArn: `${imageArn}0` }));
  expect((await errorOf(unknown)).name).toBe('ResourceNotFoundException');
});

test('a step waits until it gets an answer or times out', async () => {
  wait(1);
  wait(2);
  expect(await describeStep(1)).toMatchObject({ status: 'RUNNING', timeoutSeconds: 60, name: 'Step1' });
  await send(1);
  expect(await describeStep(1)).toMatchObject({
    status: 'COMPLETED',
    outputs: '{"action":"RESUME","reason":"fine"}',
  });
  fixture.clock.skip(60_000);
  expect((await describeStep(2)).status).toBe('FAILED');
  expect((await errorOf(send(2))).name).toBe('InvalidRequestException');
});

test('a step accepts one answer, also if the same request is repeated', async () => {
  wait(1);
  await send(1);
  await send(1);
  expect(state().answers).toHaveLength(1);
  expect((await errorOf(send(1, { action: 'STOP' }))).name).toBe('IdempotentParameterMismatchException');
  expect((await errorOf(send(1, { clientToken: 'another' }))).name).toBe('InvalidRequestException');
});

test.each([
  ['another build', { imageBuildVersionArn: `${imageArn}0` }, 'ResourceNotFoundException'],
  ['an unknown step', { stepExecutionId: step(9) }, 'ResourceNotFoundException'],
  ['an invalid step id', { stepExecutionId: 'step-1' }, 'InvalidParameterValueException'],
  ['a long reason', { reason: 'x'.repeat(1025) }, 'InvalidParameterValueException'],
  ['a long token', { clientToken: 'x'.repeat(65) }, 'InvalidParameterValueException'],
])('%s is rejected', async (_, more, name) => {
  wait(1);
  expect((await errorOf(send(1, more))).name).toBe(name);
});

test('waiting steps are listed in pages of 25', async () => {
  for (let n = 1; n <= 30; n += 1) wait(n);
  const first = await client.send(new ListWaitingWorkflowStepsCommand({}));
  const second = await client.send(new ListWaitingWorkflowStepsCommand({ nextToken: first.nextToken }));
  expect([first.steps?.length, second.steps?.length, second.nextToken]).toEqual([25, 5, undefined]);
});
