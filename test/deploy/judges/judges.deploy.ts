import { beforeAll, describe, expect, it } from 'vitest';
import type { Template } from '../../support/template.ts';
import { checkovExcuses, compareWithExcuses, parliamentExcuses } from './excuses.ts';
import { type Finding, runCheckov, runParliament } from './findings.ts';
import { readVariants, type Variant } from './variants.ts';

let variants: Awaited<ReturnType<typeof readVariants>>;
beforeAll(async () => {
  variants = await readVariants();
});

/** A template with a fault for each judge. It shows that a judge still reads what it gets. */
function faulty(): Variant {
  const Statement = [{ Sid: 'TooMuch', Effect: 'Allow', Action: 'iam:*', Resource: '*' }];
  const Policies = [{ PolicyName: 'faulty', PolicyDocument: { Version: '2012-10-17', Statement } }];
  const Trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = { Version: '2012-10-17', Statement: [Trust] };
  const resources = {
    Faulty: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument, Policies } },
  };
  const template: Template = {
    Metadata: {},
    Parameters: {},
    Rules: {},
    Conditions: {},
    Globals: {},
    Resources: resources,
    Outputs: {},
  };
  return { wing: 'faulty', template, parameters: {}, resources };
}

const isOfFaulty = ({ resource }: Finding): boolean => resource.startsWith('faulty/');

describe('the judged templates', () => {
  it('include everything that depends on a condition', () => {
    const missing = variants.everything.flatMap(({ wing, template, resources }) =>
      Object.keys(template.Resources)
        .filter((id) => !(id in resources))
        .map((id) => `${wing}/${id}`),
    );

    expect(missing).toEqual([]);
  });
});

describe.each([
  ['checkov', runCheckov, checkovExcuses],
  ['parliament', runParliament, parliamentExcuses],
] as const)('%s', (_, judge, excuses) => {
  let findings: readonly Finding[];
  beforeAll(async () => {
    findings = await judge([...variants.everything, ...variants.defaults, faulty()]);
  });

  it('has no objection but those that the list excuses, and the list has no other', () => {
    const ofWings = findings.filter((one) => !isOfFaulty(one));

    expect(compareWithExcuses(ofWings, excuses)).toEqual([]);
  });

  it('objects to a role that may do everything with IAM', () => {
    expect(findings.filter(isOfFaulty)).not.toEqual([]);
  });
});
