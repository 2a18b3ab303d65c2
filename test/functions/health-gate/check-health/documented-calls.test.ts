import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toAnswer } from '../../../../functions/health-gate/check-health/health-answer.ts';
import { readText } from '../../../support/template.ts';
import { NOW, policy } from '../examples.ts';
import { block, pass } from '../verdict-examples.ts';

// The examples of docs/health-gate.md are run here, against a program that stands for the AWS CLI.

const section = /^## Asking from anywhere$(.*?)^## /ms.exec(readText('docs/health-gate.md'))?.[1] ?? '';
const allowed = toAnswer(pass, policy(), NOW);
const stopped = toAnswer(block, policy(), NOW);
const folder = mkdtempSync(join(tmpdir(), 'groundcrew-examples-'));

afterAll(() => rmSync(folder, { recursive: true }));

function codeBlock(language: string, at = 0): string {
  const blocks = [...section.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))];
  return blocks[at]?.[1] ?? '';
}

/** Runs a shell script as a build system does. The program `aws` writes the answers, one a call. */
function runScript(
  script: string,
  answers: readonly object[],
): { readonly status: number | null; readonly calls: string } {
  const bin = mkdtempSync(join(folder, 'bin-'));
  for (const [at, answer] of answers.entries())
    writeFileSync(join(bin, `answer-${at}`), JSON.stringify(answer));
  const aws = [
    '#!/bin/sh',
    'echo "$@" >> calls',
    'for last; do :; done',
    'n=$(($(wc -l < calls) - 1))',
    'cp "answer-$n" "$last"',
  ];
  writeFileSync(join(bin, 'aws'), aws.join('\n'));
  writeFileSync(join(bin, 'sleep'), '#!/bin/sh\n');
  for (const program of ['aws', 'sleep']) chmodSync(join(bin, program), 0o755);
  const env = { PATH: `${bin}:${process.env.PATH}`, CHECK_HEALTH: 'check-health' };
  const { status } = spawnSync('bash', ['-e', '-c', script], { cwd: bin, env });
  return { status, calls: spawnSync('cat', ['calls'], { cwd: bin, encoding: 'utf8' }).stdout };
}

const github = (): string => parse(codeBlock('yaml')).jobs.deploy.steps[1].run;
const gitlab = (): string => parse(codeBlock('yaml', 1))['health-gate'].script[0];
// In a Groovy text between three quotes, a backslash stands for itself only twice.
const jenkins = (): string => (/'''(.*?)'''/s.exec(codeBlock('groovy'))?.[1] ?? '').replaceAll('\\\\', '\\');

describe('the example of', () => {
  it.each([
    ['GitHub Actions', github],
    ['GitLab', gitlab],
    ['Jenkins', jenkins],
  ])('%s asks with a policy, and deploys in a healthy Region', (_, script) => {
    const { calls, status } = runScript(script(), [allowed]);

    expect(status).toBe(0);
    expect(calls).toBe(
      'lambda invoke --function-name check-health --cli-binary-format raw-in-base64-out --payload {"services":["ECS"]} answer.json\n',
    );
  });

  it('GitHub Actions fails during an incident, and for an answer that is none', () => {
    expect(runScript(github(), [stopped]).status).not.toBe(0);
    expect(runScript(github(), [{ errorMessage: 'timed out' }]).status).not.toBe(0);
  });

  it.each([
    ['GitLab', gitlab],
    ['Jenkins', jenkins],
  ])('%s asks until the incident is over', (_, script) => {
    const { calls, status } = runScript(script(), [stopped, stopped, allowed]);

    expect(status).toBe(0);
    expect(calls.trim().split('\n')).toHaveLength(3);
  });

  it('GitHub Actions and GitLab pass the name of the function on', () => {
    expect(parse(codeBlock('yaml')).jobs.deploy.steps[1].env).toEqual({
      CHECK_HEALTH: '${{ vars.CHECK_HEALTH }}',
    });
  });

  it('Step Functions leads to Deploy, to a wait and to a failure', () => {
    const states: Record<string, { Next?: string; Default?: string; Choices?: { Next: string }[] }> =
      JSON.parse(codeBlock('json', 1));
    const targets = Object.values(states).flatMap(({ Choices = [], Default, Next }) =>
      [Next, Default, ...Choices.map((choice) => choice.Next)].filter((name) => name !== undefined),
    );

    expect(targets.filter((name) => !(name in states))).toEqual(['Deploy']);
    expect(Object.keys(states).filter((name) => !targets.includes(name))).toEqual([]);
  });

  it('Step Functions reads members that an answer has', () => {
    const paths = [...codeBlock('json', 1).matchAll(/\$\.asked\.gate\.(\w+)/g)].map(([, name = '']) => name);

    expect(paths.length).toBeGreaterThan(3);
    expect(paths.filter((name) => !(name in stopped))).toEqual([]);
  });

  it('an answer has the members of a real one', () => {
    const documented: Record<string, unknown> = JSON.parse(codeBlock('json'));

    expect(Object.keys(documented)).toEqual(Object.keys(stopped));
  });
});
