import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { build } from '../../../build.ts';
import { createDevLoop, type DevLoop, type Playlist } from '../../../local/cli/dev-loop.ts';
import { type Watching, watchFiles } from '../../../local/cli/watch-files.ts';
import { type Pack, startPack } from '../../../local/pack/pack.ts';
import type { Scenario } from '../../../local/scenario-kit/scenario.ts';
import { makeProject, type Project } from '../../support/bundles/project.ts';

const template = `
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: nodejs24.x, Handler: index.handler }
Resources:
  Changing:
    Type: AWS::Serverless::Function
    Metadata: { SkipBuild: true, Entry: functions/changing.ts }
    Properties: { CodeUri: dist/Changing/ }
  Constant:
    Type: AWS::Serverless::Function
    Metadata: { SkipBuild: true, Entry: functions/constant.ts }
    Properties: { CodeUri: dist/Constant/ }
  Things:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      BillingMode: PAY_PER_REQUEST
`;

const answering = (text: string): string =>
  `export const handler = async () => [process.pid, '${text}'] as const;\n`;

let project: Project;
let pack: Pack;
let loop: DevLoop;
let watching: Watching;
let said: string[];

async function develop(play?: Playlist): Promise<void> {
  project = makeProject({
    'template.yaml': template,
    'functions/changing.ts': answering('first'),
    'functions/constant.ts': answering('constant'),
    'shared/nothing.ts': '',
  });
  await build({ root: project.root });
  pack = await startPack({
    dist: join(project.root, 'dist'),
    templatePath: join(project.root, 'template.yaml'),
  });
  const bundles = { root: project.root, outdir: join(project.root, 'dist') };
  loop = createDevLoop({ bundles, pack, play, say: (line) => said.push(line) });
  watching = await watchFiles([join(project.root, 'functions')], () => void loop.update());
  await loop.start();
}

beforeEach(() => {
  said = [];
});

afterEach(async () => {
  await watching.close();
  await loop.stop();
  await pack.close();
  project[Symbol.dispose]();
});

const write = (text: string): void => writeFileSync(join(project.root, 'functions/changing.ts'), text);
const invoke = (id: string): Promise<unknown> => pack.invoke(id, {});

describe('npm run dev', { timeout: 600_000 }, () => {
  it('replaces the functions that changed, and keeps the account and the others', async () => {
    await develop();
    const before = { changing: await invoke('Changing'), constant: await invoke('Constant') };
    expect(before.changing).toEqual([expect.any(Number), 'first']);
    const table = { TableName: pack.ref('Things') };
    await pack.client(DynamoDBClient).send(new PutItemCommand({ ...table, Item: { id: { S: 'kept' } } }));

    write(answering('second'));
    await expect.poll(() => said).toEqual(['Replaced Changing.']);

    expect(await invoke('Changing')).toEqual([expect.any(Number), 'second']);
    expect(await invoke('Constant')).toEqual(before.constant);
    const { Item } = await pack
      .client(DynamoDBClient)
      .send(new GetItemCommand({ ...table, Key: { id: { S: 'kept' } } }));
    expect(Item).toEqual({ id: { S: 'kept' } });
  });

  it('shows why a build failed, keeps the functions, and goes on with the next change', async () => {
    await develop();

    write('export const handler = ;');
    await expect.poll(() => said).toHaveLength(1);

    expect(said[0]).toContain('The build failed, so the functions stay as they are:\n');
    expect(said[0]).toContain('functions/changing.ts:1:23: ERROR: Unexpected ";"');
    expect(await invoke('Changing')).toEqual([expect.any(Number), 'first']);
    write(answering('mended'));
    await expect.poll(() => said.at(-1)).toBe('Replaced Changing.');
    expect(await invoke('Changing')).toEqual([expect.any(Number), 'mended']);
  });

  it('says when a template has to be deployed again', async () => {
    await develop();

    appendFileSync(join(project.root, 'template.yaml'), 'Conditions: {}\n');
    await loop.update();

    expect(said).toEqual(['A template changed. Leave with Ctrl-C and start again to deploy it.']);
    await loop.update();
    expect(said).toHaveLength(1);
  });

  it('plays the chosen scenario at the start, after a rebuild and after a change of the scenario', async () => {
    let version = 'one';
    await develop({ version: () => version, load: async () => [scenarioThatExpects('first')] });
    expect(results()).toEqual(['ok']);

    write(answering('second'));
    await expect.poll(results).toEqual(['ok', 'FAILED']);

    version = 'two';
    await loop.update();
    expect(results()).toEqual(['ok', 'FAILED', 'FAILED']);
    await loop.update();
    expect(results()).toHaveLength(3);
  });

  it('shows why scenarios cannot be loaded, and plays them once they can', async () => {
    let version = 'broken';
    const load = async (): Promise<readonly Scenario[]> => {
      if (version === 'broken') throw new SyntaxError('a scenario that does not parse');
      return [scenarioThatExpects('first')];
    };
    await develop({ version: () => version, load });
    expect(said.join('\n')).toContain('a scenario that does not parse');

    version = 'mended';
    await loop.update();

    expect(results()).toEqual(['ok']);
  });
});

const results = (): readonly string[] => said.flatMap((line) => /^(ok|FAILED)/.exec(line)?.[0] ?? []);

function scenarioThatExpects(text: string): Scenario {
  return {
    wing: 'trial',
    name: 'a function answers',
    arrange: async () => undefined,
    act: async () => {},
    observe: async (world) => ({ state: await world.invoke('Changing', {}) }),
    expect: ({ state }) => expect(state).toEqual([expect.any(Number), text]),
  };
}
