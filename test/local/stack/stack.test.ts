import { describe, expect, it } from 'vitest';
import type { Mapping } from '../../../local/json.ts';
import { evaluate, type Stack } from '../../../local/stack/stack.ts';

const names = {
  region: 'eu-west-1',
  accountId: '123456789012',
  stackName: 'groundcrew',
  endpoint: 'http://127.0.0.1:4000',
  httpUrl: 'http://127.0.0.1:3000',
};

const base = {
  Parameters: {
    Colour: { Type: 'String', Default: 'red' },
    Zones: { Type: 'CommaDelimitedList', Default: 'a, b,c' },
  },
  Mappings: { Sizes: { red: { big: 7 } } },
  Conditions: {
    Red: { 'Fn::Equals': [{ Ref: 'Colour' }, 'red'] },
    Blue: { 'Fn::Equals': [{ Ref: 'Colour' }, 'blue'] },
    Both: { 'Fn::And': [{ Condition: 'Red' }, { Condition: 'Blue' }] },
    Either: { 'Fn::Or': [{ Condition: 'Red' }, { Condition: 'Blue' }] },
    NotRed: { 'Fn::Not': [{ Condition: 'Red' }] },
  },
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue' },
    Named: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::Sub': '${AWS::StackName}-named' } } },
    Topic: { Type: 'AWS::SNS::Topic' },
    Table: { Type: 'AWS::DynamoDB::Table' },
    Lambda: { Type: 'AWS::Lambda::Function' },
    Schedule: { Type: 'AWS::Scheduler::Schedule' },
    OnlyBlue: { Type: 'AWS::SNS::Topic', Condition: 'Blue' },
  },
};

function stackOf(value: unknown, parameters: Record<string, string> = {}, more: Mapping = {}): Stack {
  const Probe = { Type: 'AWS::Lambda::Permission', Properties: { value } };
  const template = { ...base, ...more, Resources: { ...base.Resources, Probe } };
  return evaluate(template, parameters, names);
}

const resolved = (value: unknown): unknown => stackOf(value).find('Probe').properties.value;

describe('intrinsic functions', () => {
  it.each<[string, unknown, unknown]>([
    ['Ref of a parameter', { Ref: 'Colour' }, 'red'],
    ['Ref of a list', { Ref: 'Zones' }, ['a', 'b', 'c']],
    [
      'Ref of a queue is its URL on the account',
      { Ref: 'Queue' },
      'http://127.0.0.1:4000/123456789012/groundcrew-Queue',
    ],
    ['Ref of a topic is its ARN', { Ref: 'Topic' }, 'arn:aws:sns:eu-west-1:123456789012:groundcrew-Topic'],
    ['Ref of a table is its name', { Ref: 'Table' }, 'groundcrew-Table'],
    [
      'Ref of a resource with a name of its own',
      { Ref: 'Named' },
      'http://127.0.0.1:4000/123456789012/groundcrew-named',
    ],
    [
      'GetAtt of a list',
      { 'Fn::GetAtt': ['Queue', 'Arn'] },
      'arn:aws:sqs:eu-west-1:123456789012:groundcrew-Queue',
    ],
    ['GetAtt of a text', { 'Fn::GetAtt': 'Queue.QueueName' }, 'groundcrew-Queue'],
    [
      'GetAtt of a function',
      { 'Fn::GetAtt': ['Lambda', 'Arn'] },
      'arn:aws:lambda:eu-west-1:123456789012:function:groundcrew-Lambda',
    ],
    [
      'GetAtt of a schedule',
      { 'Fn::GetAtt': ['Schedule', 'Arn'] },
      'arn:aws:scheduler:eu-west-1:123456789012:schedule/default/groundcrew-Schedule',
    ],
    [
      'Sub',
      { 'Fn::Sub': '${Colour} ${AWS::Region} ${Queue.QueueName} ${!Kept}' },
      'red eu-west-1 groundcrew-Queue ${Kept}',
    ],
    [
      'Sub with variables of its own',
      { 'Fn::Sub': ['${A}-${Colour}', { A: { Ref: 'AWS::AccountId' } }] },
      '123456789012-red',
    ],
    ['If', { 'Fn::If': ['Red', 1, 2] }, 1],
    ['If of an unmet And', { 'Fn::If': ['Both', 1, 2] }, 2],
    ['If of a met Or', { 'Fn::If': ['Either', 1, 2] }, 1],
    ['If of a Not', { 'Fn::If': ['NotRed', 1, 2] }, 2],
    [
      'If drops what is NoValue',
      { a: { 'Fn::If': ['Blue', 1, { Ref: 'AWS::NoValue' }] }, b: [{ Ref: 'AWS::NoValue' }, 2] },
      { b: [2] },
    ],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Colour' }]] }, 'a-red'],
    ['Select', { 'Fn::Select': ['1', { Ref: 'Zones' }] }, 'b'],
    ['GetAZs', { 'Fn::Select': [1, { 'Fn::GetAZs': '' }] }, 'eu-west-1b'],
    ['Split', { 'Fn::Split': ['/', 'a/b'] }, ['a', 'b']],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'Colour' }, 'big'] }, 7],
    [
      'pseudo parameters',
      { 'Fn::Sub': '${AWS::Partition} ${AWS::URLSuffix} ${AWS::StackName}' },
      'aws amazonaws.com groundcrew',
    ],
    [
      "a policy's Condition is no intrinsic",
      { Condition: { Bool: { 'aws:SecureTransport': true } } },
      { Condition: { Bool: { 'aws:SecureTransport': true } } },
    ],
  ])('%s', (_, value, expected) => {
    expect(resolved(value)).toEqual(expected);
  });

  it.each<[string, unknown, string]>([
    ['an unknown function', { 'Fn::Cidr': ['10.0.0.0/16', 1, 8] }, 'Probe: Fn::Cidr is not understood here'],
    ['an unknown name', { Ref: 'Nobody' }, 'There is neither a parameter nor a resource called Nobody'],
    ['an unknown attribute', { 'Fn::GetAtt': ['Queue', 'Colour'] }, 'Queue has no attribute Colour'],
    ['an unknown condition', { 'Fn::If': ['Green', 1, 2] }, 'There is no condition Green'],
    ['an empty place', { 'Fn::Select': [5, ['a']] }, 'Fn::Select finds nothing at 5'],
    [
      'an empty mapping',
      { 'Fn::FindInMap': ['Sizes', 'green', 'big'] },
      'finds nothing under Sizes / green / big',
    ],
  ])('refuses %s', (_, value, message) => {
    expect(() => resolved(value)).toThrow(message);
  });
});

describe('resources', () => {
  it('leaves out what a condition does', () => {
    const present = (stack: Stack): boolean => stack.resources.some(({ id }) => id === 'OnlyBlue');
    expect(present(stackOf(1))).toBe(false);
    expect(present(stackOf(1, { Colour: 'blue' }))).toBe(true);
  });

  it('are found by their ARN', () => {
    expect(stackOf(1).findByArn('arn:aws:sns:eu-west-1:123456789012:groundcrew-Topic')?.id).toBe('Topic');
  });

  it('of a type that nothing here knows are refused, with the place to add it', () => {
    const template = { Resources: { Sea: { Type: 'AWS::EC2::Ocean' } } };
    expect(() => evaluate(template, {}, names)).toThrow(
      /Sea is an AWS::EC2::Ocean.*local\/stack\/resource-types\.ts/,
    );
  });
});

describe('rules', () => {
  const says = 'Colour and Zones do not go together.';
  const ruled = (Assert: unknown, given: Record<string, string> = {}, RuleCondition?: unknown): Stack => {
    const rule = { RuleCondition, Assertions: [{ Assert, AssertDescription: says }] };
    return stackOf(1, given, { Rules: { Together: rule } });
  };
  const red = { 'Fn::Equals': [{ Ref: 'Colour' }, 'red'] };
  const noZones = { 'Fn::EachMemberEquals': [{ Ref: 'Zones' }, ''] };

  it.each<[string, unknown, Record<string, string>?]>([
    ['Equals', red],
    ['Not', { 'Fn::Not': [red] }, { Colour: 'blue' }],
    ['And', { 'Fn::And': [red, { 'Fn::Not': [noZones] }] }],
    ['Or', { 'Fn::Or': [red, noZones] }, { Colour: 'blue', Zones: '' }],
    ['Contains', { 'Fn::Contains': [['red', 'blue'], { Ref: 'Colour' }] }],
    ['Contains of an empty list', { 'Fn::Contains': [{ Ref: 'Zones' }, ''] }, { Zones: '' }],
    ['EachMemberEquals', { 'Fn::EachMemberEquals': [{ Ref: 'Zones' }, 'a'] }, { Zones: 'a,a' }],
    ['EachMemberIn', { 'Fn::EachMemberIn': [{ Ref: 'Zones' }, ['a', 'b', 'c']] }],
  ])('know %s', (_, holding, given) => {
    expect(() => ruled(holding, given)).not.toThrow();
    expect(() => ruled({ 'Fn::Not': [holding] }, given)).toThrow(`Rules: ${says}`);
  });

  it('hold only where their condition does', () => {
    expect(() => ruled(noZones, {}, red)).toThrow(`Rules: ${says}`);
    expect(() => ruled(noZones, { Colour: 'blue' }, red)).not.toThrow();
  });

  it.each<[string, unknown, string]>([
    ['a function of the rest of a template', { 'Fn::Join': ['', ['a']] }, 'is not understood in a rule'],
    ['a condition', { Condition: 'Red' }, 'is not understood in a rule'],
    ['a resource', { 'Fn::Equals': [{ Ref: 'Queue' }, ''] }, 'is no parameter'],
    ['a list as a text', { 'Fn::Equals': [{ Ref: 'Zones' }, ''] }, 'compares a text with a list'],
    ['a text as a list', { 'Fn::Contains': [{ Ref: 'Colour' }, ''] }, 'takes a list'],
  ])('refuse %s', (_, assert, message) => {
    expect(() => ruled(assert)).toThrow(message);
  });
});

describe('parameters', () => {
  const declared = {
    Mail: {
      Type: 'String',
      Default: '',
      AllowedPattern: '^$|^[^@]+@[^@]+$',
      ConstraintDescription: 'an address',
    },
    Level: { Type: 'String', Default: 'INFO', AllowedValues: ['INFO', 'WARN'] },
    Minutes: { Type: 'Number', Default: 30, MinValue: 5, MaxValue: 60 },
    Name: { Type: 'String', Default: 'abc', MinLength: 2, MaxLength: 4 },
    Needed: { Type: 'String' },
  };
  const read = (given: Record<string, string>): unknown =>
    stackOf({ Ref: 'Minutes' }, given, { Parameters: { ...base.Parameters, ...declared } }).find('Probe')
      .properties.value;

  it('take what is given', () => {
    expect(read({ Needed: 'x', Minutes: '7' })).toBe('7');
  });

  it.each<[Record<string, string>, string]>([
    [{}, 'Needed has no default and is not given'],
    [{ Needed: 'x', Extra: '1' }, 'Extra is given, but the template has no such parameter'],
    [{ Needed: 'x', Mail: 'nobody' }, "Mail is 'nobody', which does not match ^$|^[^@]+@[^@]+$ (an address)"],
    [{ Needed: 'x', Level: 'LOUD' }, "Level is 'LOUD', which is none of INFO, WARN"],
    [{ Needed: 'x', Minutes: '4' }, "Minutes is '4', which is not at least 5"],
    [{ Needed: 'x', Minutes: '61' }, "Minutes is '61', which is not at most 60"],
    [{ Needed: 'x', Minutes: 'soon' }, "Minutes is 'soon', which is no number"],
    [{ Needed: 'x', Name: 'a' }, "Name is 'a', which is not at least 2 characters long"],
  ])('%j are refused', (given, message) => {
    expect(() => read(given)).toThrow(message);
  });

  it('name every fault at once', () => {
    expect(() => read({ Level: 'LOUD', Minutes: '4' })).toThrow(/Level.*Minutes.*Needed/);
  });
});
