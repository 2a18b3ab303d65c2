import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readParameters } from '../local/stack/parameters.ts';
import { checkRules } from '../local/stack/rules.ts';
import { PACK_MUTATIONS, TEMPLATE_MUTATIONS } from './support/mutations.ts';
import { PACK_RULES, readPack } from './support/pack-rules.ts';
import { SERVERLESS_RULES } from './support/serverless-rules.ts';
import {
  defaultsOf,
  deployed,
  holds,
  type Json,
  runPython,
  type Template,
  transformTemplate,
} from './support/template.ts';

const pack = readPack();
let transformed: Template;

beforeAll(async () => {
  transformed = await transformTemplate();
});

// cfn-lint reads the whole template in a process of its own each time.
const LINTING = { timeout: 120_000 };

describe('the template that CloudFormation gets', LINTING, () => {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-template-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(Object.keys(SERVERLESS_RULES))('%s', async (rule) => {
    expect(await SERVERLESS_RULES[rule]?.(transformed)).toEqual([]);
  });

  it('is one that cfn-lint has nothing to say about', async () => {
    expect(await lint(folder, transformed)).toEqual([]);
  });

  // The control: before the transform cfn-lint does not see this.
  it('is one in which cfn-lint sees a misspelt action', async () => {
    const text = JSON.stringify(transformed).replace('"sns:Publish"', '"sns:Publsh"');
    expect(await lint(folder, JSON.parse(text))).toEqual([
      expect.stringMatching(/^W3037 .*'publsh' is not one of/),
    ]);
  });
});

describe('cfn-lint', LINTING, () => {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-lint-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const withSubnet = (Default: string): Template => {
    const template = structuredClone(transformed);
    template.Parameters.Subnet = { Type: 'String', Default };
    template.Conditions.HasSubnet = { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Subnet' }, ''] }] };
    const Properties = { FileSystemId: 'fs-0123456789abcdef0', SecurityGroups: ['sg-01234567'] };
    template.Resources.Mount = {
      Type: 'AWS::EFS::MountTarget',
      Condition: 'HasSubnet',
      Properties: { ...Properties, SubnetId: { Ref: 'Subnet' } },
    };
    return template;
  };

  it('is not asked about a parameter that is left empty by default', async () => {
    expect(await lint(folder, withSubnet(''))).toEqual([]);
  });

  it('is asked about one that is not', async () => {
    expect(await lint(folder, withSubnet('a subnet'))).toContainEqual(expect.stringMatching(/^W10.*Subnet/));
  });

  it('is asked about conditions that never hold, but for those that SAM writes into an API', async () => {
    const conditional = (Type: string, Properties: Json): Template => {
      const template = structuredClone(transformed);
      template.Resources.Trial = { Type, Condition: 'SpotCordon', Properties };
      return template;
    };
    const never = { 'Fn::If': ['SpotCordon', 'yes', 'no'] };
    const body = { openapi: '3.0.1', info: { title: never, version: '1.0' }, paths: {} };
    expect(await lint(folder, conditional('AWS::ApiGatewayV2::Api', { Body: body }))).toEqual([]);
    expect(await lint(folder, conditional('AWS::SNS::Topic', { DisplayName: never }))).toEqual([
      expect.stringMatching(/^W1028 Resources\.Trial/),
    ]);
  });
});

async function lint(folder: string, template: Template): Promise<string[]> {
  const file = join(folder, 'template.json');
  writeFileSync(file, JSON.stringify(template));
  const program = 'import sys; from cfnlint.runner import main; sys.exit(main())';
  const regions = ['--regions', 'eu-west-1', 'us-east-1', '--'];
  const found = JSON.parse(await runPython('-c', program, '--format', 'json', ...regions, file));
  const offences = found.filter((one: Json) => !isSamsOwn(one, template) && !isLeftEmpty(one, template));
  return offences.map(
    ({ Rule, Message, Location }: Json) => `${Rule.Id} ${Location.Path?.join('.')}: ${Message}`,
  );
}

/** SAM repeats the condition of an API inside its body, where it always holds. */
function isSamsOwn({ Rule, Location }: Json, template: Template): boolean {
  const [, id, , part] = Location.Path ?? [];
  return Rule.Id === 'W1028' && part === 'Body' && template.Resources[id]?.Type === 'AWS::ApiGatewayV2::Api';
}

/** An empty default says that there is nothing, such as no subnet; cfn-lint wants a subnet for a default. */
function isLeftEmpty({ Rule, Message, Location }: Json, template: Template): boolean {
  const told = `${Location.Path?.join('.')}: ${Message}`;
  const isOfDefault = /^W103[0-5]$/.test(Rule.Id);
  return (
    isOfDefault &&
    Object.entries(template.Parameters).some(
      ([name, { Default }]) => Default === '' && new RegExp(`\\b${name}\\b`).test(told),
    )
  );
}

describe('template.yaml and the tree around it', () => {
  it.each(Object.keys(PACK_RULES))('%s', (rule) => {
    expect(PACK_RULES[rule]?.(pack)).toEqual([]);
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
  const on = { DeployBuildPromotion: 'true' };
  const store = { BuildPromotionFileSystemId: 'fs-0123456789abcdef0' };
  const door = {
    BuildPromotionAccessPointArn:
      'arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0',
  };
  const one = { BuildPromotionSubnetIds: 'subnet-0123456789abcdef0' };
  const two = { BuildPromotionSubnetIds: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1' };
  const group = { BuildPromotionSecurityGroupId: 'sg-0123456789abcdef0' };
  const vpc = { BuildPromotionVpcId: 'vpc-0123456789abcdef0' };
  const check = (given: Readonly<Record<string, string>>): void =>
    checkRules(transformed.Rules, readParameters(transformed.Parameters, given));

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
    expect(() => check({ ...on, ...given })).not.toThrow();
    const { Resources } = deployed(transformed, { ...defaultsOf(transformed), ...on, ...given });
    expect(Object.keys(Resources).filter(isOfStore).sort()).toEqual([...created].sort());
  });

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['a file system without subnets', store, /^Rules: BuildPromotionFileSystemId is given without [^;]*$/],
    [
      'an access point without its file system',
      door,
      /^Rules: BuildPromotionAccessPointArn is given wi[^;]*$/,
    ],
    ['a group without subnets', group, /^Rules: BuildPromotionSecurityGroupId is given without [^;]*$/],
    ['a VPC without subnets', vpc, /^Rules: BuildPromotionVpcId is given without [^;]*$/],
    ['subnets of nobody knows which VPC', one, /^Rules: BuildPromotionSubnetIds is given without [^;]*$/],
    ['two faults at once', { ...door, ...group }, /BuildPromotionAccessPointArn.*; BuildPromotionSecurityGr/],
  ])('of %s is refused', (_, given, message) => {
    expect(() => check({ ...on, ...given })).toThrow(message);
    expect(() => check(given)).not.toThrow();
  });

  it('keeps its backups in a vault of its own, or in the one that is named', () => {
    const created = (given: Readonly<Record<string, string>>): string[] => {
      const values = { ...defaultsOf(transformed), ...on, ...given };
      const { Resources, Outputs } = deployed(transformed, values);
      return Object.keys({ ...Resources, ...Outputs }).filter((id) => id.startsWith('BuildBackup'));
    };
    const backup = { BuildPromotionBackup: 'true' };
    const rest = ['BuildBackupPlan', 'BuildBackupSelection', 'BuildBackupVaultName'];
    expect(created({})).toEqual([]);
    expect(created(backup)).toEqual(['BuildBackupVault', ...rest]);
    expect(created({ ...backup, BuildPromotionBackupVaultName: 'builds-old' })).toEqual(rest);
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

  for (const { rule, change, make, offence } of PACK_MUTATIONS) {
    it(`${rule}: ${change}`, () => {
      const broken = structuredClone(pack);
      make(broken);
      expect(PACK_RULES[rule]?.(broken)).toContainEqual(expect.stringMatching(offence));
    });
  }

  it('and no rule goes unproven', () => {
    const proven = new Set([...TEMPLATE_MUTATIONS, ...PACK_MUTATIONS].map(({ rule }) => rule));
    expect([...proven].sort()).toEqual([...Object.keys(SERVERLESS_RULES), ...Object.keys(PACK_RULES)].sort());
  });
});
