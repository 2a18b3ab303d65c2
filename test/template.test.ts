import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readParameters } from '../local/stack/parameters.ts';
import { checkRules } from '../local/stack/rules.ts';
import {
  defaultsOf,
  deployed,
  holds,
  type Json,
  mergeTemplates,
  ROOT,
  runPython,
  type Template,
  transformTemplates,
} from './support/template.ts';
import { type Linted, lint } from './support/templates/cfn-lint.ts';
import { PACK_MUTATIONS, TEMPLATE_MUTATIONS, WING_MUTATIONS } from './support/templates/mutations.ts';
import { PACK_RULES, readPack, WING_RULES } from './support/templates/pack-rules.ts';
import { SERVERLESS_RULES } from './support/templates/serverless-rules.ts';

const pack = readPack();
const wings = Object.keys(pack.wings);
let templates: ReadonlyMap<string, Template>;
/** Every wing's resources together. */
let transformed: Template;

beforeAll(async () => {
  templates = await transformTemplates();
  transformed = mergeTemplates([...templates.values()].toReversed());
}, 120_000);

function templateOf(wing: string): Template {
  const template = templates.get(wing);
  if (!template) throw new Error(`${wing} has no template`);
  return template;
}

describe.each(wings)('the template of %s that CloudFormation gets', (wing) => {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-template-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(Object.keys(SERVERLESS_RULES))('%s', async (rule) => {
    expect(await SERVERLESS_RULES[rule]?.(templateOf(wing))).toEqual([]);
  });

  it('is one that cfn-lint has nothing to say about', async () => {
    expect(await lint(folder, templateOf(wing))).toEqual([]);
  });
});

describe('cfn-lint', () => {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-lint-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  // The controls use small templates: cfn-lint reads each one in a process of its own.
  const withSubnet = (Default: string): Linted => {
    const Properties = { FileSystemId: 'fs-0123456789abcdef0', SecurityGroups: ['sg-01234567'] };
    return {
      Parameters: { Subnet: { Type: 'String', Default } },
      Conditions: { HasSubnet: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Subnet' }, ''] }] } },
      Resources: {
        Mount: {
          Type: 'AWS::EFS::MountTarget',
          Condition: 'HasSubnet',
          Properties: { ...Properties, SubnetId: { Ref: 'Subnet' } },
        },
      },
    };
  };

  // Before the transform cfn-lint does not see this.
  it('sees a misspelt action in a role of each wing', async () => {
    const roles = wings.map((wing) => [wing.replace('-', ''), templateOf(wing).Resources.SchedulesRole]);
    const text = JSON.stringify({ Resources: Object.fromEntries(roles) });
    const found = await lint(folder, JSON.parse(text.replaceAll('"sqs:SendMessage"', '"sqs:SendMesage"')));
    const misspelt = found.filter((one) => /^W3037 .*'sendmesage' is not one of/.test(one));
    expect(misspelt).toHaveLength(wings.length);
  });

  it('is not asked about a parameter that is left empty by default', async () => {
    expect(await lint(folder, withSubnet(''))).toEqual([]);
  });

  it('is asked about one that is not', async () => {
    expect(await lint(folder, withSubnet('a subnet'))).toContainEqual(expect.stringMatching(/^W10.*Subnet/));
  });

  it('is asked about conditions that are never true, except those that SAM writes into an API', async () => {
    const conditional = (Type: string, Properties: Json): Linted => ({
      Parameters: { TopicArn: { Type: 'String', Default: '' } },
      Conditions: { OwnTopic: { 'Fn::Equals': [{ Ref: 'TopicArn' }, ''] } },
      Resources: { Trial: { Type, Condition: 'OwnTopic', Properties } },
    });
    const never = { 'Fn::If': ['OwnTopic', 'yes', 'no'] };
    const body = { openapi: '3.0.1', info: { title: never, version: '1.0' }, paths: {} };
    expect(await lint(folder, conditional('AWS::ApiGatewayV2::Api', { Body: body }))).toEqual([]);
    expect(await lint(folder, conditional('AWS::SNS::Topic', { DisplayName: never }))).toEqual([
      expect.stringMatching(/^W1028 Resources\.Trial/),
    ]);
  });
});

describe.each(wings)('the template of %s and the files around it', (wing) => {
  it.each(Object.keys(WING_RULES))('%s', (rule) => {
    const own = pack.wings[wing];
    if (!own) throw new Error(`there is no wing ${wing}`);
    expect(WING_RULES[rule]?.(own)).toEqual([]);
  });
});

describe('the root template', () => {
  it.each(Object.keys(PACK_RULES))('%s', (rule) => {
    expect(PACK_RULES[rule]?.(pack)).toEqual([]);
  });

  it('is one that cfn-lint has nothing to say about', async () => {
    const program = 'import sys; from cfnlint.runner import main; sys.exit(main())';
    const args = [
      '--format',
      'json',
      '--regions',
      'eu-west-1',
      'us-east-1',
      '--',
      join(ROOT, 'template.yaml'),
    ];
    expect(JSON.parse(await runPython('-c', program, ...args))).toEqual([]);
  });
});

describe('a condition', () => {
  const holdsFor = (addresses: string, condition: Json): boolean => {
    const Parameters = { Addresses: { Type: 'CommaDelimitedList' } };
    const template = { ...structuredClone(transformed), Parameters, Conditions: {} };
    return holds(template, condition, { Addresses: addresses });
  };
  const isSecond = (list: Json): Json => ({ 'Fn::Equals': [{ 'Fn::Select': [1, list] }, 'b'] });

  it('may pick from a list, and from one that was put together', () => {
    const padded = {
      'Fn::Split': [',', { 'Fn::Join': ['', [{ 'Fn::Join': [',', { Ref: 'Addresses' }] }, ',,']] }],
    };
    const seen = ['a,b', 'b,a', ''].map((addresses) => holdsFor(addresses, isSecond(padded)));
    expect(seen).toEqual([true, false, false]);
    expect(holdsFor('a,b', isSecond({ Ref: 'Addresses' }))).toBe(true);
  });

  it('that picks what is not there is refused, as CloudFormation refuses it', () => {
    expect(() => holdsFor('a', isSecond({ Ref: 'Addresses' }))).toThrow('Fn::Select finds nothing at 1');
  });

  it('on what only a deployment knows is refused', () => {
    const condition = { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] };
    expect(() => holdsFor('', condition)).toThrow('Cannot evaluate {"Ref":"AWS::Region"}');
  });
});

describe('the store of build-promotion', () => {
  const store = { FileSystemId: 'fs-0123456789abcdef0' };
  const door = {
    AccessPointArn: 'arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0',
  };
  const one = { SubnetIds: 'subnet-0123456789abcdef0' };
  const two = { SubnetIds: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1' };
  const group = { SecurityGroupId: 'sg-0123456789abcdef0' };
  const vpc = { VpcId: 'vpc-0123456789abcdef0' };
  const check = (given: Readonly<Record<string, string>>): void =>
    checkRules(
      templateOf('build-promotion').Rules,
      readParameters(templateOf('build-promotion').Parameters, given),
    );

  const network = ['BuildVpc', 'BuildSubnetA', 'BuildSubnetB'];
  const groups = ['BuildSecurityGroup', 'BuildSecurityGroupMembers'];
  const files = ['BuildFileSystem', 'BuildMountTargetA', 'BuildMountTargetB'];
  const isOfStore = (id: string): boolean =>
    [...network, ...groups, ...files, 'BuildAccessPoint'].includes(id);

  it.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['nothing', {}, [...files, 'BuildAccessPoint', ...groups, ...network]],
    ['subnets and a group', { ...two, ...group }, [...files, 'BuildAccessPoint']],
    ['a subnet and its VPC', { ...one, ...vpc }, [...files.slice(0, 2), 'BuildAccessPoint', ...groups]],
    ['a file system, subnets and a group', { ...store, ...two, ...group }, ['BuildAccessPoint']],
    ['a file system, subnets and their VPC', { ...store, ...two, ...vpc }, ['BuildAccessPoint', ...groups]],
    ['all but a VPC', { ...store, ...door, ...two, ...group }, []],
  ])('of %s is taken, and the rest created', (_, given, created) => {
    expect(() => check(given)).not.toThrow();
    const template = templateOf('build-promotion');
    const { Resources } = deployed(template, { ...defaultsOf(template), ...given });
    expect(Object.keys(Resources).filter(isOfStore).sort()).toEqual([...created].sort());
  });

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['a file system without subnets', store, /^Rules: FileSystemId is given without [^;]*$/],
    ['an access point without its file system', door, /^Rules: AccessPointArn is given wi[^;]*$/],
    ['a group without subnets', group, /^Rules: SecurityGroupId is given without [^;]*$/],
    ['a VPC without subnets', vpc, /^Rules: VpcId is given without [^;]*$/],
    ['subnets of nobody knows which VPC', one, /^Rules: SubnetIds is given without [^;]*$/],
    [
      'a policy for a file system that exists',
      { ...store, ...two, ...vpc, HostsReadOnly: 'true' },
      /^Rules: HostsR[^;]*$/,
    ],
    ['two faults at once', { ...door, ...group }, /AccessPointArn.*; SecurityGr/],
  ])('of %s is refused', (_, given, message) => {
    expect(() => check(given)).toThrow(message);
  });

  it('keeps its backups in a vault of its own, or in the one that is named', () => {
    const created = (given: Readonly<Record<string, string>>): string[] => {
      const template = templateOf('build-promotion');
      const values = { ...defaultsOf(template), ...given };
      const { Resources, Outputs } = deployed(template, values);
      return Object.keys({ ...Resources, ...Outputs }).filter((id) => id.startsWith('BuildBackup'));
    };
    const backup = { Backup: 'true' };
    const rest = ['BuildBackupPlan', 'BuildBackupSelection', 'BuildBackupVaultName'];
    expect(created({})).toEqual([]);
    expect(created(backup)).toEqual(['BuildBackupVault', ...rest]);
    expect(created({ ...backup, BackupVaultName: 'builds-old' })).toEqual(rest);
  });
});

describe('each rule sees what breaks it', () => {
  for (const { rule, change, make, offence } of TEMPLATE_MUTATIONS) {
    it(`${rule}: ${change}`, async () => {
      const broken = structuredClone(transformed);
      make(broken);
      expect(await SERVERLESS_RULES[rule]?.(broken)).toContainEqual(expect.stringMatching(offence));
    });
  }

  for (const { rule, change, make, offence } of WING_MUTATIONS) {
    it(`${rule}: ${change}`, () => {
      const broken = structuredClone(pack.wings['spot-cordon']);
      if (!broken) throw new Error('there is no wing spot-cordon');
      make(broken);
      expect(WING_RULES[rule]?.(broken)).toContainEqual(expect.stringMatching(offence));
    });
  }

  for (const { rule, change, make, offence } of PACK_MUTATIONS) {
    it(`${rule}: ${change}`, () => {
      const broken = structuredClone(pack);
      make(broken);
      expect(PACK_RULES[rule]?.(broken)).toContainEqual(expect.stringMatching(offence));
    });
  }

  it('and no rule goes unproven', () => {
    const proven = new Set(
      [...TEMPLATE_MUTATIONS, ...WING_MUTATIONS, ...PACK_MUTATIONS].map(({ rule }) => rule),
    );
    const rules = [SERVERLESS_RULES, WING_RULES, PACK_RULES].flatMap((one) => Object.keys(one));
    expect([...proven].sort()).toEqual(rules.sort());
  });
});
