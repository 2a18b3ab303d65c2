import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodePipelineClient, CreatePipelineCommand } from '@aws-sdk/client-codepipeline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseArtifact } from '../functions/build-promotion/domain/artifact.ts';
import { parseDeclaration } from '../local/account/services/codepipeline/declaration.ts';
import { type Pack, startPack } from '../local/pack/pack.ts';
import { closeIncident, openIncident } from '../local/scenario-kit/health.ts';
import { startPipeline, summarizeStages } from '../local/scenario-kit/pipelines.ts';
import {
  readLinks,
  setBuildArtifact,
  stampBuild,
  storeFolder,
} from '../local/scenarios/build-promotion/builds.ts';
import { type Json, ROOT, readTemplate, readText } from './support/template.ts';

// examples/pipeline.yaml, as CodePipeline and CodeBuild would read it, and run on the local account.

const { Resources } = readTemplate(readText('examples/pipeline.yaml'));
const NAME = 'site';

function propertiesOf(id: string): Json {
  return Resources[id]?.Properties ?? {};
}

/** The structure as CodePipeline's API takes it: keys begin with a small letter, references have the given values. */
function declare(values: Readonly<Record<string, string>>): Json {
  const { Tags: _, ...properties } = propertiesOf('Pipeline');
  return { name: NAME, ...toApi(properties, values) };
}

function toApi(value: Json, values: Readonly<Record<string, string>>): Json {
  if (Array.isArray(value)) return value.map((one) => toApi(one, values));
  if (typeof value !== 'object' || value === null) return value;
  if ('Ref' in value || 'Fn::GetAtt' in value) return valueOf(value.Ref ?? value['Fn::GetAtt'][0], values);
  if ('Fn::Sub' in value)
    return value['Fn::Sub'].replace(/\$\{([\w:]+)\}/g, (_: string, name: string) => valueOf(name, values));
  return Object.fromEntries(
    Object.entries<Json>(value).map(([key, inner]) =>
      key === 'Configuration'
        ? ['configuration', Object.fromEntries(Object.entries(inner).map(([k, v]) => [k, toApi(v, values)]))]
        : [`${key[0]?.toLowerCase()}${key.slice(1)}`, toApi(inner, values)],
    ),
  );
}

function valueOf(name: string, values: Readonly<Record<string, string>>): string {
  return values[name] ?? name;
}

const fixed = { PipelineRole: 'arn:aws:iam::123456789012:role/pipeline', 'AWS::Region': 'eu-west-1' };

it('CodePipeline takes the structure, and can hold the deployment', () => {
  const { mode, stages, variables } = parseDeclaration({ pipeline: declare(fixed) }, 1);
  const tags = Resources['Pipeline']?.Properties.Tags.map(({ Key, Value }: Json) => `${Key}=${Value}`);

  expect(mode).not.toBe('PARALLEL');
  expect(tags).toContain('groundcrew:resume=true');
  expect(variables).toEqual([{ name: 'BREAK_GLASS', defaultValue: 'none' }]);
  // In one stage: no newer execution passes between the gate and what it guards.
  expect(stages.at(-1)?.actions.map(({ name, runOrder }) => [name, runOrder])).toEqual([
    ['Gate', 1],
    ['Promote', 2],
  ]);
});

it('the buildspec stamps what was built', () => {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-buildspec-'));
  try {
    const { FileSystemLocations, Source } = propertiesOf('Build');
    const { phases, artifacts } = parse(Source.BuildSpec);
    const checkout = join(folder, 'checkout');
    mkdirSync(join(checkout, 'out'), { recursive: true });
    mkdirSync(join(folder, 'efs'));
    cpSync(join(ROOT, 'tools'), join(checkout, 'tools'), { recursive: true });
    writeFileSync(join(checkout, 'out/index.html'), 'home');

    execFileSync('sh', ['-ec', phases.post_build.commands.join('\n')], {
      cwd: checkout,
      env: {
        ...process.env,
        [`CODEBUILD_${FileSystemLocations[0].Identifier.toUpperCase()}`]: join(folder, 'efs'),
        CODEBUILD_BUILD_ID: 'site:b-1',
      },
    });

    expect(artifacts.files).toEqual(['build.json']);
    expect(parseArtifact(readFileSync(join(checkout, 'build.json'), 'utf8'))).toMatchObject({
      buildId: 'site-b-1',
      files: 1,
    });
    expect(existsSync(join(folder, 'efs/site/builds/site-b-1/index.html'))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('on the local account', () => {
  let pack: Pack;
  beforeAll(async () => {
    pack = await startPack({ port: 0 });
  }, 300_000);
  afterAll(() => pack.close());

  it('it promotes to staging, waits for the end of an incident, and then promotes to prod', {
    timeout: 120_000,
  }, async () => {
    const pipeline = declare({
      ...fixed,
      GateDeploymentName: pack.ref('GateDeployment'),
      PromoteBuildName: pack.ref('PromoteBuild'),
    });
    const tags = toApi(Resources['Pipeline']?.Properties.Tags, {});
    const build = '../builds/b-1';
    const live = () => readLinks(storeFolder(pack));
    await pack.client(CodePipelineClient).send(new CreatePipelineCommand({ pipeline, tags }));
    await setBuildArtifact(pack, NAME, stampBuild(pack, 'b-1'));
    const incident = await openIncident(pack);

    await startPipeline(pack, NAME);
    await pack.settle();
    const [prod] = (await summarizeStages(pack, NAME)).filter(({ stage }) => stage === 'Prod');
    expect([live(), prod?.status]).toEqual([{ staging: build }, 'Failed']);

    await closeIncident(pack, incident);
    await pack.settle();
    await pack.advance(25 * 60_000);
    await pack.settle();
    expect(live()).toEqual({ prod: build, staging: build });
  });
});
