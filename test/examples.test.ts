import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isApprovalStep } from '../functions/ami-approval/domain/approval-scope.ts';
import { ENVIRONMENT } from '../functions/build-promotion/domain/names.ts';
import { builtInProfiles } from '../functions/disk-alarms/domain/metric-profile.ts';
import { drainScope, isDrainLongerThanNotice } from '../functions/spot-cordon/domain/drain-targets.ts';
import { fallBackTags } from '../functions/spot-cordon/domain/mixed-group.ts';
import { shouldReplace } from '../functions/spot-cordon/domain/replacement.ts';
import { tagKeys } from '../functions/spot-cordon/domain/scope.ts';
import { shouldTerminate } from '../functions/spot-cordon/domain/uncordon-decision.ts';
import { cordonedEvent, uncordonedEvent } from '../functions/spot-cordon/messages/events.ts';
import { cordon, instance } from './functions/spot-cordon/sample-records.ts';
import { type Json, ROOT, readTemplate, readText, type Template } from './support/template.ts';
import { lintFile } from './support/templates/cfn-lint.ts';
import { SERVERLESS_RULES } from './support/templates/serverless-rules.ts';

const names = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.yaml'));

function example(name: string): Template {
  return readTemplate(readText(`examples/${name}`));
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'groundcrew-examples-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('every example', () => {
  const rules = [
    'names no action by a wildcard',
    'names only actions that exist',
    'tests only condition keys that its actions have',
  ];

  it.each(names)('%s is one that cfn-lint has nothing to say about', async (name) => {
    expect(await lintFile(join(ROOT, 'examples', name))).toEqual([]);
  });

  it.each(names.flatMap((name) => rules.map((rule) => [name, rule] as const)))(
    '%s %s',
    async (name, rule) => {
      expect(await SERVERLESS_RULES[rule]?.(example(name))).toEqual([]);
    },
  );

  it('is checked: cfn-lint sees a misspelt property', async () => {
    const file = join(folder, 'broken.yaml');
    writeFileSync(file, readText('examples/image-pipeline.yaml').replace('ImageRecipeArn', 'ImageRecipe'));

    expect((await lintFile(file)).join('\n')).toMatch(/ImageRecipe/);
  });
});

it('the image pipeline waits at a step in the default scope of ami-approval', () => {
  const { ApprovalWorkflow, Pipeline } = example('image-pipeline.yaml').Resources;
  const workflow = parse(ApprovalWorkflow?.Properties.Data);
  const { Default } = readTemplate(readText('functions/ami-approval/template.yaml')).Parameters[
    'ApprovalSteps'
  ] as { Default: string };

  expect(isApprovalStep(workflow.steps[0].name, { steps: Default.split(',') })).toBe(true);
  expect(Pipeline?.Properties.ImageTags).toEqual({ 'groundcrew:approval': 'true' });
});

describe('the fleet', () => {
  const { Fleet, Servers } = example('fleet.yaml').Resources;
  const tags: readonly Json[] = Fleet?.Properties.Tags;
  const propagated = tags.filter(({ PropagateAtLaunch }) => PropagateAtLaunch);
  const member = instance({
    isSpot: true,
    tags: Object.fromEntries(propagated.map(({ Key, Value }) => [Key, Value])),
  });

  it('has only tags that spot-cordon reads', () => {
    const known: readonly string[] = [...Object.values(tagKeys), ...Object.values(fallBackTags)];
    expect(tags.map(({ Key }) => Key).filter((key) => !known.includes(key))).toEqual([]);
  });

  it('is drained and replaced for an interruption, and an instance that stays is terminated', () => {
    const record = cordon({ severity: 'interruption', action: 'terminate' });
    const group = {
      name: 'fleet',
      hasCapacityRebalancing: Fleet?.Properties.CapacityRebalance,
      isManagedByEcs: false,
      suspendedProcesses: [],
      targetGroupArns: ['servers'],
      loadBalancerNames: [],
      members: new Map(),
    };

    expect(member.tags[tagKeys.managed]).toBe('true');
    expect(drainScope({ record, instance: member, group })?.includes('servers')).toBe(true);
    expect(shouldReplace(record, member)).toBe(true);
    expect(shouldTerminate({ ...member, state: 'running' })).toBe(true);
  });

  it('drains within the notice, and has room for a replacement', () => {
    const delay = Servers?.Properties.TargetGroupAttributes[0];
    expect([delay.Key, isDrainLongerThanNotice(Number(delay.Value))]).toEqual([
      'deregistration_delay.timeout_seconds',
      false,
    ]);
    expect(Number(Fleet?.Properties.MaxSize)).toBeGreaterThan(Number(Fleet?.Properties.DesiredCapacity));
  });
});

describe('the CodeDeploy application', () => {
  const text = readText('examples/codedeploy.yaml');

  it('has a deployment group with the name of an environment', () => {
    const { Parameters, Resources } = example('codedeploy.yaml');
    const { Default, AllowedPattern } = Parameters['Environment'];

    expect(Resources['DeploymentGroup']?.Properties.DeploymentGroupName).toEqual({ Ref: 'Environment' });
    expect([AllowedPattern, ENVIRONMENT.test(Default)]).toEqual([ENVIRONMENT.source, true]);
  });

  it('gets a revision in which each hook finds its script, and the script follow-release', () => {
    const checkout = join(folder, 'revision-of');
    cpSync(join(ROOT, 'tools'), join(checkout, 'tools'), { recursive: true });
    const command = /^# +(mkdir -p revision .*)$/m.exec(text)?.[1] ?? '';

    execFileSync('sh', ['-c', command], { cwd: checkout });

    const { hooks } = parse(readFileSync(join(checkout, 'revision/appspec.yml'), 'utf8'));
    const scripts = Object.values<Json>(hooks).flatMap((steps) =>
      steps.map(({ location }: Json) => location),
    );
    expect(readdirSync(join(checkout, 'revision')).sort()).toEqual([
      'appspec.yml',
      'follow-release',
      ...scripts,
    ]);
    expect(readFileSync(join(checkout, 'revision', scripts[0]), 'utf8')).toContain(
      '$(dirname "$0")/follow-release',
    );
  });
});

describe('the agents', () => {
  const { Resources } = example('disk-agents.yaml');
  const configurations = {
    linux: JSON.parse(Resources['LinuxConfiguration']?.Properties.Value),
    windows: JSON.parse(Resources['WindowsConfiguration']?.Properties.Value),
  };
  // The agent joins plug-in and measurement: with an underscore on Linux, with a space on Windows.
  const sent = {
    linux: configurations.linux.metrics.metrics_collected.disk.measurement.map(
      (name: string) => `disk_${name}`,
    ),
    windows: configurations.windows.metrics.metrics_collected.LogicalDisk.measurement.map(
      (name: string) => `LogicalDisk ${name}`,
    ),
  };

  it.each(['linux', 'windows'] as const)(
    'send what the default profile of %s needs for thresholds by size',
    (name) => {
      const profile = builtInProfiles.find((one) => one.name === name);
      const size = profile?.total ?? profile?.free;

      expect(sent[name].sort()).toEqual([profile?.percent, size].sort());
      expect(configurations[name].metrics.append_dimensions.InstanceId).toBe('${aws:InstanceId}');
    },
  );

  it.each(['linux', 'windows'] as const)('are configured for %s as docs/disk-alarms.md says', (name) => {
    const documented = [
      ...readText('docs/disk-alarms.md').matchAll(/```json\n(\{\n {2}"metrics"[\s\S]*?)```/g),
    ];
    expect(documented.map(([, text = '']) => JSON.parse(text))).toContainEqual(configurations[name]);
  });

  it('may read their configuration with the policy of AWS', () => {
    for (const id of ['LinuxConfiguration', 'WindowsConfiguration'])
      expect(Resources[id]?.Properties.Name['Fn::Sub']).toMatch(/^AmazonCloudWatch-/);
  });
});

it('the webhook gets the events for schedulers, and no others', () => {
  const { CordonRule } = example('cordon-webhook.yaml').Resources;
  const { source, 'detail-type': types, detail } = CordonRule?.Properties.EventPattern ?? {};
  const record = cordon({ severity: 'interruption', action: 'terminate' });
  const events = [cordonedEvent(record), uncordonedEvent(record, 'expired')];

  expect(source).toEqual([...new Set(events.map((event) => event.source))]);
  expect(types).toEqual(events.map(({ detailType }) => detailType));
  expect(detail).toEqual({ stack: [{ Ref: 'WingStack' }] });
});

it('the experiments act on one instance that somebody tagged for them', () => {
  const experiments = Object.values(example('acceptance.yaml').Resources).filter(
    ({ Type }) => Type === 'AWS::FIS::ExperimentTemplate',
  );

  expect(experiments).toHaveLength(2);
  for (const { Properties } of experiments) {
    const [target, ...others] = Object.values<Json>(Properties.Targets);
    expect(others).toEqual([]);
    expect(target).toMatchObject({
      SelectionMode: 'COUNT(1)',
      Filters: [{ Path: 'State.Name', Values: ['running'] }],
    });
    expect(Object.keys(target.ResourceTags)).toEqual(['groundcrew:acceptance']);
  }
});
