import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mapping, mapping } from '../../../local/json.ts';
import { type Pack, startPack } from '../../../local/pack/pack.ts';
import { combine } from '../../../local/stack/combine.ts';
import { deploy } from '../../../local/stack/deploy.ts';
import { evaluate } from '../../../local/stack/stack.ts';

const names = {
  region: 'eu-west-1',
  accountId: '123456789012',
  stackName: 'crew',
  endpoint: 'http://127.0.0.1:4000',
  httpUrl: 'http://127.0.0.1:3000',
};

const wing = (own: string): Mapping => ({
  Parameters: { TopicArn: { Type: 'String' }, Ids: { Type: 'CommaDelimitedList', Default: '' } },
  Resources: {
    Dead: { Type: 'AWS::SQS::Queue' },
    Files: { Type: 'AWS::EFS::FileSystem' },
    [own]: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Environment: {
          Variables: {
            TOPIC: { Ref: 'TopicArn' },
            QUEUE: { Ref: 'Dead' },
            IDS: { 'Fn::Join': ['+', { Ref: 'Ids' }] },
          },
        },
      },
    },
  },
});

const nestedStack = (wingName: string, Parameters: object): object => ({
  Type: 'AWS::CloudFormation::Stack',
  Properties: { TemplateURL: `functions/${wingName}/template.yaml`, Parameters },
});

const root = {
  Resources: {
    Topic: { Type: 'AWS::SNS::Topic' },
    A: nestedStack('a', { TopicArn: { Ref: 'Topic' }, Ids: 'x,y' }),
    B: nestedStack('b', { TopicArn: { Ref: 'Topic' } }),
  },
};

const templates = {
  template: root,
  nested: new Map([
    ['functions/a/template.yaml', wing('Alpha')],
    ['functions/b/template.yaml', wing('Beta')],
  ]),
};

const variablesOf = (id: string, { stack }: Pick<Pack, 'stack'>): Mapping =>
  mapping(mapping(stack.find(id).properties.Environment).Variables);

describe('a template with nested stacks', () => {
  const stacks = deploy(templates, { parameters: {}, nested: { b: { Ids: 'z' } } }, names);
  const stack = combine(stacks);

  it('is several stacks, each named after the folder of its template', () => {
    expect(stacks.map((one) => one.names.stackName)).toEqual(['crew', 'crew-a', 'crew-b']);
  });

  it('passes its parameters on, and what is given for a wing in their place', () => {
    const topic = 'arn:aws:sns:eu-west-1:123456789012:crew-Topic';
    const queue = 'http://127.0.0.1:4000/123456789012/crew-';
    expect(variablesOf('Alpha', { stack })).toEqual({
      TOPIC: topic,
      QUEUE: `${queue}a-Dead`,
      IDS: 'x+y',
    });
    expect(variablesOf('Beta', { stack })).toEqual({
      TOPIC: topic,
      QUEUE: `${queue}b-Dead`,
      IDS: 'z',
    });
  });

  it('says in which stack a parameter is wrong', () => {
    const nested = { b: { Colour: 'red' } };
    expect(() => deploy(templates, { parameters: {}, nested }, names)).toThrow(
      /^crew-b: Parameters: Colour is given, but the template has no such parameter$/,
    );
  });

  it('has one name for an id that is unique, and two for one that is not', () => {
    expect(stack.find('Alpha').name).toBe('crew-a-Alpha');
    expect(stack.find('crew-a.Dead').name).toBe('crew-a-Dead');
    expect(() => stack.find('Dead')).toThrow(/There is no Dead .*crew-a\.Dead, .*crew-b\.Dead/);
  });

  it('finds by ARN what belongs to each stack', () => {
    const arn = 'arn:aws:sqs:eu-west-1:123456789012:crew-b-Dead';
    expect(stack.findByArn(arn)?.id).toBe('crew-b.Dead');
    expect(stack.attribute('crew-b.Dead', 'Arn')).toBe(arn);
    expect(stack.findByArn(`${arn}s`)).toBeUndefined();
  });

  it('shares no file system by accident', () => {
    expect(stack.ref('crew-a.Files')).not.toBe(stack.ref('crew-b.Files'));
  });

  it('is a stack like any other when it is alone', () => {
    const alone = evaluate(root, {}, names);
    expect(combine([alone])).toBe(alone);
  });
});

describe('the pack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-stacks-'));
  let pack: Pack;

  beforeAll(async () => {
    pack = await startPack();
  }, 120_000);

  afterAll(async () => {
    await pack?.close();
    rmSync(folder, { recursive: true });
  });

  it('is the root and a stack for each wing, with one topic for all', () => {
    const stackNames = pack.stacks.map((one) => one.names.stackName);
    expect(stackNames).toEqual([
      'groundcrew',
      'groundcrew-spot-cordon',
      'groundcrew-health-gate',
      'groundcrew-disk-alarms',
      'groundcrew-ami-approval',
      'groundcrew-build-promotion',
    ]);
    const topics = pack.functions.ids.map((id) => variablesOf(id, pack).NOTIFICATION_TOPIC_ARN);
    const given = topics.filter((topic) => topic !== undefined);
    expect(given.length).toBeGreaterThan(4);
    expect(new Set(given)).toEqual(new Set([pack.ref('Notifications')]));
  });

  it('acts, whatever the default is', () => {
    const dry = pack.functions.ids.map((id) => variablesOf(id, pack).DRY_RUN);
    expect(new Set(dry)).toEqual(new Set(['false', undefined]));
  });

  it('reads the dead letters of every stack', async () => {
    const wings = ['spot-cordon', 'health-gate', 'disk-alarms', 'ami-approval', 'build-promotion'];
    for (const name of wings) {
      const QueueUrl = pack.ref(`groundcrew-${name}.DeadLetters`);
      await pack.client(SQSClient).send(new SendMessageCommand({ QueueUrl, MessageBody: name }));
    }
    expect([...(await pack.deadLetters())].sort()).toEqual(wings.toSorted());
  });

  it('names the stack to its functions', () => {
    expect(variablesOf('CordonInstances', pack).STACK_NAME).toBe('groundcrew-spot-cordon');
  });

  it('can be a wing alone, with a topic of its own', async () => {
    const alone = await startPack({ wing: 'spot-cordon' });
    try {
      expect(alone.stacks.map((one) => one.names.stackName)).toEqual(['groundcrew-spot-cordon']);
      expect(alone.functions.ids).toEqual([
        'CordonInstances',
        'MailCordons',
        'UncordonInstances',
        'CompleteTerminations',
        'FallBackToOnDemand',
        'ChooseTerminations',
      ]);
      expect(alone.ref('Notifications')).toMatch(/:groundcrew-spot-cordon-Notifications$/);
      expect(alone.ref('DeadLetters')).toMatch(/\/groundcrew-spot-cordon-DeadLetters$/);
    } finally {
      await alone.close();
    }
  });

  it('can be somebody else’s templates, nested ones too', async () => {
    const write = (path: string, text: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    write(
      'template.yaml',
      `Transform: AWS::Serverless-2016-10-31
Resources:
  Nose: { Type: AWS::Serverless::Application, Properties: { Location: inner/nose/template.yaml } }
  Things: { Type: AWS::SQS::Queue }
`,
    );
    write('inner/nose/template.yaml', 'Resources: { Things: { Type: AWS::SQS::Queue } }\n');
    const theirs = await startPack({ templatePath: join(folder, 'template.yaml') });
    try {
      expect(theirs.ref('groundcrew.Things')).toMatch(/\/groundcrew-Things$/);
      expect(theirs.ref('groundcrew-nose.Things')).toMatch(/\/groundcrew-nose-Things$/);
    } finally {
      await theirs.close();
    }
  });
});
