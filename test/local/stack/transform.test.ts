import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findPython } from '../../../local/python/find.ts';

let command: string;
let folder: string;

beforeAll(async () => {
  command = await findPython(() => {});
  folder = mkdtempSync(join(tmpdir(), 'groundcrew-transform-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function transform(text: string): { status: number | null; stdout: string; stderr: string } {
  const file = join(folder, 'template.yaml');
  writeFileSync(file, text);
  const script = join(import.meta.dirname, '../../../local/stack/transform.py');
  // No credentials, no Region, no proxy: whatever asks the network for them fails or hangs.
  return spawnSync(command, [script, file], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
    timeout: 20_000,
  });
}

const template = (properties: string): string => `
Transform: AWS::Serverless-2016-10-31
Resources:
  Cordon:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: dist/Cordon/
      Handler: index.handler
      Runtime: nodejs24.x
${properties}`;

test('a template is transformed as by CloudFormation, with the code named by the logical id', () => {
  const { status, stdout, stderr } = transform(
    template('      Tracing: Active\n      Policies: AWSLambdaSQSQueueExecutionRole\n'),
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout).Resources).toMatchObject({
    Cordon: { Type: 'AWS::Lambda::Function', Properties: { Code: { S3Bucket: 'local', S3Key: 'Cordon' } } },
    CordonRole: {
      Properties: {
        ManagedPolicyArns: [
          'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
          'arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess',
          'arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole',
        ],
      },
    },
  });
});

test.each([
  [
    'a property that does not exist',
    template('      Memory: 1\n'),
    /not a valid SAM template:\n.*\[Cordon\].*Memory/,
  ],
  ['no resources', 'Description: nothing\n', /cannot be transformed: it has no Resources/],
  ['broken YAML', 'Resources: [', /cannot be transformed: /],
])('%s is an error in words', (_, text, message) => {
  const { status, stdout, stderr } = transform(text);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain('Traceback');
});
