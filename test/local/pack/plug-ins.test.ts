import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateLaunchTemplateCommand, DescribeLaunchTemplatesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Account, accessKeyFor, startAccount } from '../../../local/account/account.ts';
import { authorizationFor } from '../../../local/account/caller.ts';
import { createClock } from '../../../local/clock.ts';
import { type Pack, startPack } from '../../../local/pack/pack.ts';
import { findPython } from '../../../local/python/find.ts';
import { discoverWings } from '../../../local/scenario-kit/discover.ts';
import { createTimers } from '../../../local/wiring/timers.ts';
import { stopwatch } from '../../support/handlers/time.ts';
import { neededActions } from '../../support/iam/proof.ts';
import { bundleTrial, trialTemplate } from '../fixtures/bundle.ts';

let trial: Awaited<ReturnType<typeof bundleTrial>>;
let pack: Pack;

beforeAll(async () => {
  trial = await bundleTrial('Worker', 'Listener', 'Web', 'Store', 'Reader');
  pack = await startPack({ dist: trial.dist, templatePath: trialTemplate });
});

afterAll(async () => {
  await pack?.close();
  await trial?.remove();
});

beforeEach(async () => {
  await pack.reset();
});

/** A call of a function's, of a service for whose client this project has no use. */
function call(service: string, path: string, init: RequestInit = {}): Promise<Response> {
  const authorization = authorizationFor(accessKeyFor('Store'), 'eu-west-1', service);
  return fetch(pack.endpoint + path, { ...init, headers: { ...init.headers, authorization } });
}

const lastCall = () => pack.calls().at(-1);

describe('a file system', () => {
  it('is a folder, of which the variables of a function speak where the template names its path', async () => {
    const folder = pack.folderOf('Store');
    expect(await pack.invoke('Store', { do: 'environment' })).toMatchObject({
      ROOT: `${folder}/kept`,
      SEVERAL: `${folder}:/mnt/builds-old:/opt/mnt/builds`,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('is one for all functions that mount the same root, whatever path they give it', () => {
    expect(pack.folderOf('Reader')).toBe(pack.folderOf('Store'));
  });

  it('is empty after a reset, and gone with its pack', async () => {
    const other = await startPack({ dist: trial.dist, templatePath: trialTemplate });
    const folder = other.folderOf('Store');
    expect(folder).not.toBe(pack.folderOf('Store'));
    await mkdir(join(folder, 'kept'));
    await writeFile(join(folder, 'kept/build.txt'), 'a build');
    await other.reset();
    expect(await readdir(folder)).toEqual([]);
    await other.close();
    expect(existsSync(folder)).toBe(false);
  });

  it('needs of the role what no call shows', () => {
    const lambda = (more: object) => ({ Type: 'AWS::Lambda::Function', Properties: more });
    const Resources = { Store: lambda({ FileSystemConfigs: [{}] }), Other: lambda({}) };
    expect(neededActions({ Resources }, 'Store', [])).toEqual([
      'elasticfilesystem:ClientMount',
      'elasticfilesystem:ClientWrite',
    ]);
    expect(neededActions({ Resources }, 'Other', [])).toEqual([]);
  });

  it('is nothing that a function without one has', () => {
    expect(() => pack.folderOf('Worker')).toThrow('Worker mounts no file system');
  });
});

describe('a function invoked', () => {
  it('through the API answers its caller, and is told of as what IAM asks for', async () => {
    const path = `/2015-03-31/functions/${pack.ref('Listener')}/invocations`;
    const answer = await call('lambda', path, { method: 'POST', body: '{"hello":1}' });
    expect(await answer.json()).toMatchObject({ event: { hello: 1 } });
    expect(lastCall()).toMatchObject({ function: 'Store', action: 'Invoke', iam: ['lambda:InvokeFunction'] });
  });

  it('through the API hands its error to its caller', async () => {
    const path = `/2015-03-31/functions/${encodeURIComponent(pack.stack.attribute('Listener', 'Arn'))}/invocations`;
    const answer = await call('lambda', path, { method: 'POST', body: '{"do":"throw"}' });
    expect(answer.headers.get('x-amz-function-error')).toBe('Unhandled');
    expect(await answer.json()).toMatchObject({ errorType: 'TypeError', errorMessage: 'no such thing' });
  });

  it('through the API as an event is repeated when it fails', async () => {
    const headers = { 'x-amz-invocation-type': 'Event' };
    const path = `/2015-03-31/functions/${pack.ref('Listener')}/invocations`;
    const answer = await call('lambda', path, { method: 'POST', headers, body: '{"do":"throw"}' });
    expect(answer.status).toBe(202);
    await pack.settle();
    expect(pack.functions.pool('Listener').finished).toHaveLength(3);
  });

  it('asynchronously by a scenario is repeated when it fails', async () => {
    pack.invokeAsync('Listener', { do: 'throw' });
    await pack.settle();
    expect(pack.functions.pool('Listener').finished).toHaveLength(3);
  });
});

describe('what a template declares', () => {
  it('is there before anything runs: parameters', async () => {
    const headers = {
      'x-amz-target': 'AmazonSSM.GetParameter',
      'content-type': 'application/x-amz-json-1.1',
    };
    const body = JSON.stringify({ Name: pack.ref('Policy') });
    const answer = await call('ssm', '/', { method: 'POST', headers, body });
    expect(await answer.json()).toMatchObject({ Parameter: { Value: 'open' } });
  });

  it('is there before anything runs: buckets, whose calls are known by what IAM asks for', async () => {
    const path = `/${pack.ref('Artifacts')}/release/build.zip`;
    const bytes = Buffer.from([80, 75, 3, 4, 255]);
    expect((await call('s3', `${path}?x-id=PutObject`, { method: 'PUT', body: bytes })).status).toBe(200);
    expect(lastCall()?.iam).toEqual(['s3:PutObject']);
    const got = await call('s3', `${path}?x-id=GetObject`);
    expect(Buffer.from(await got.arrayBuffer())).toEqual(bytes);
    expect(lastCall()?.iam).toEqual(['s3:GetObject']);
    await call('s3', `/${pack.ref('Artifacts')}?list-type=2`);
    expect(lastCall()).toMatchObject({ action: 'ListObjectsV2', iam: ['s3:ListBucket'] });
  });

  it('of a bucket may be throttled, in the words of S3', async () => {
    pack.account.injectFault({ function: 'Store', call: 1, kind: 'throttled' });
    const answer = await call('s3', `/${pack.ref('Artifacts')}/x`);
    expect([answer.status, await answer.text()]).toEqual([
      503,
      expect.stringMatching(/^<Error><Code>SlowDown</),
    ]);
  });
});

describe('time that passes', () => {
  it('delivers on the way what falls due, and nothing beyond', async () => {
    const [before, elapsed] = [pack.clock.now(), stopwatch()];
    pack.invokeAsync('Listener', { do: 'throw' });
    await pack.advance(90_000);
    expect(pack.functions.pool('Listener').finished).toHaveLength(2);
    const passed = pack.clock.now() - before;
    expect(passed).toBeGreaterThanOrEqual(90_000);
    expect(passed - elapsed()).toBeLessThanOrEqual(90_000);
  });

  it('runs what was put off, each at its time, but for what was called off', async () => {
    const clock = createClock(() => 0);
    const timers = createTimers(clock);
    const ran: string[] = [];
    timers.runLater(2000, () => void ran.push('second'));
    const callOff = timers.runLater(1500, () => void ran.push('called off'));
    timers.runLater(1000, () => {
      ran.push('first');
      callOff();
    });
    expect(await timers.runDue()).toBe(false);
    clock.skip(2001);
    expect(await timers.runDue()).toBe(true);
    expect([ran, timers.nextDue()]).toEqual([['first', 'second'], undefined]);
  });
});

describe("a wing's folder of scenarios", () => {
  const write = async (text: string): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'groundcrew-wing-'));
    await mkdir(join(folder, 'runway'));
    await writeFile(join(folder, 'runway/index.ts'), text);
    return folder;
  };

  it('says the parameters that it needs, and what it shows while the pack stays up', async () => {
    const folder = await write(
      "export const parameters = { Deploy: 'true' };\nexport async function seed() { return ['a line']; }\nexport default [];\n",
    );
    const [wing] = await discoverWings(folder);
    expect(wing).toMatchObject({ name: 'runway', scenarios: [], parameters: { Deploy: 'true' } });
    expect(await wing?.seed?.(pack, { saveEvent: async () => '' })).toEqual(['a line']);
    await rm(folder, { recursive: true });
  });

  it.each([
    ['export const parameters = { Deploy: true };\nexport default [];', 'parameters that are not texts'],
    ['export const seed = [];\nexport default [];', 'a seed that is no function'],
    ['export const scenarios = [];', 'no list of scenarios'],
  ])('that has %j is refused', async (text, message) => {
    const folder = await write(text);
    await expect(discoverWings(folder)).rejects.toThrow(message);
    await rm(folder, { recursive: true });
  });
});

describe('an account that somebody else runs', () => {
  let theirs: Account;
  let borrowed: Pack;

  beforeAll(async () => {
    theirs = await startAccount({ python: await findPython(() => {}), clock: createClock() });
    borrowed = await startPack({ dist: trial.dist, templatePath: trialTemplate, endpoint: theirs.url });
  });

  afterAll(async () => {
    await borrowed?.close();
    await theirs?.close();
  });

  /** Of a service that the gateway passes on. */
  const launchTemplates = async (): Promise<readonly unknown[]> => {
    const settings = { endpoint: theirs.url, region: 'eu-west-1' };
    const credentials = { accessKeyId: 'theirs', secretAccessKey: 'theirs' };
    const ec2 = new EC2Client({ ...settings, credentials });
    const { LaunchTemplates = [] } = await ec2.send(new DescribeLaunchTemplatesCommand());
    return LaunchTemplates.map(({ LaunchTemplateName }) => LaunchTemplateName);
  };
  const create = (LaunchTemplateName: string) =>
    borrowed.client(EC2Client).send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName,
        LaunchTemplateData: { ImageId: 'ami-12345678' },
      }),
    );

  it('holds what the pack creates, behind the gateway that writes down and stands in', async () => {
    await create('ours');
    expect(await launchTemplates()).toEqual(['ours']);
    expect(theirs.calls.map(({ function: id }) => id)).not.toContain('wiring');
    const event = { Source: 'trial.work', DetailType: 'Trial', Detail: '{"size":1}' };
    await borrowed.client(EventBridgeClient).send(new PutEventsCommand({ Entries: [event] }));
    expect(borrowed.calls().map(({ action }) => action)).toEqual(['CreateLaunchTemplate', 'PutEvents']);
    await borrowed.settle();
    expect(borrowed.functions.pool('Worker').finished).toHaveLength(1);
  });

  it('is emptied by a reset', async () => {
    await create('left-over');
    expect(await launchTemplates()).toContain('left-over');
    await borrowed.reset();
    expect(await launchTemplates()).toEqual([]);
  });

  it.each([
    ['http://127.0.0.1:9', 'where nothing answers'],
    ['ftp://127.0.0.1', 'which is not an http or https address'],
  ])('at %s is refused in words', async (endpoint, message) => {
    const starting = startPack({ dist: trial.dist, templatePath: trialTemplate, endpoint });
    await expect(starting).rejects.toThrow(`AWS_ENDPOINT_URL is ${endpoint}, ${message}`);
  });

  it('that cannot be emptied is refused: scenarios begin with an empty account', async () => {
    const endpoint = pack.url; // a server that knows no reset
    const starting = startPack({ dist: trial.dist, templatePath: trialTemplate, endpoint });
    await expect(starting).rejects.toThrow(/answers POST \/moto-api\/reset with status 404.*empty account/);
  });
});
