import { describe, expect, it } from 'vitest';
import { createSettings } from '../../../../functions/ami-approval/domain/pipeline-rules.ts';
import { noTargets } from '../../../../functions/ami-approval/domain/share-targets.ts';
import { ANN, BEN, CEM } from '../approvals.ts';

const stack = {
  approvers: [ANN, BEN],
  required: 1,
  targets: { ...noTargets, accounts: ['111111111111'], copying: ['333333333333'] },
  accountNames: { '111111111111': 'one' },
};

function settingsOf(pipelines: readonly object[], more: object = {}) {
  return createSettings(stack, JSON.stringify({ pipelines, ...more }), '/settings');
}

describe('the rules of a pipeline', () => {
  it('are those of the stack without a parameter, an entry or a pipeline', () => {
    const expected = { ...stack, regions: [] };
    const { accountNames: _, ...rules } = expected;
    expect(createSettings(stack, undefined).rulesFor('web')).toEqual(rules);
    const settings = settingsOf([{ pipeline: 'shop-*', required: 2 }]);
    expect([settings.rulesFor('web'), settings.rulesFor(undefined)]).toEqual([rules, rules]);
  });

  it('come from the first entry that matches, and what it leaves out from the stack', () => {
    const settings = settingsOf([
      { pipeline: 'shop-prod', required: 2 },
      { pipeline: 'SHOP-*', approvers: [CEM, 'CEM@example.com'], accounts: [] },
    ]);
    expect(settings.rulesFor('shop-prod')).toMatchObject({
      required: 2,
      approvers: [ANN, BEN],
      targets: stack.targets,
    });
    expect(settings.rulesFor('shop-test')).toMatchObject({
      required: 1,
      approvers: [CEM],
      targets: noTargets,
    });
    expect(settings.approvers).toEqual([ANN, BEN, CEM]);
  });

  it('replace all targets of the stack by those of the entry', () => {
    const entry = {
      pipeline: 'a',
      organizations: ['arn:aws:organizations::999999999999:organization/o-a1b2c3d4e5'],
    };
    expect(settingsOf([entry]).rulesFor('a').targets).toEqual({
      ...noTargets,
      organizations: entry.organizations,
    });
  });

  it('have names of accounts', () => {
    const { accountNames } = settingsOf([], { accountNames: { '222222222222': 'two' } });
    expect(accountNames).toEqual({ '111111111111': 'one', '222222222222': 'two' });
  });
});

describe('broken settings', () => {
  it.each<[string, string, RegExp]>([
    ['no JSON', '{', /the parameter \/settings: expected JSON/],
    ['a text', '"x"', /it must be an object, got "x"/],
    [
      'an account',
      '{"pipelines":[{"pipeline":"a","accounts":["111111111111","all"]}]}',
      /pipelines\.0\.accounts\.1 must match .*\\d\{12\}.*, got "all"/,
    ],
    [
      'an address',
      '{"pipelines":[{"pipeline":"a","approvers":["ann"]}]}',
      /pipelines\.0\.approvers\.0 must match .*, got "ann"/,
    ],
    [
      'a Region',
      '{"pipelines":[{"pipeline":"a","regions":["*"]}]}',
      /pipelines\.0\.regions\.0 must match .*, got "\*"/,
    ],
    [
      'a number',
      '{"pipelines":[{"pipeline":"a","required":0}]}',
      /pipelines\.0\.required must be at least 1, got 0/,
    ],
    ['no pipeline', '{"pipelines":[{}]}', /pipelines\.0\.pipeline must be a string, got nothing/],
    [
      'a misspelt member',
      '{"pipelines":[{"pipeline":"a","account":[]}]}',
      /pipelines\.0 must have no member "account"/,
    ],
    ['a group', '{"pipelines":[{"pipeline":"a","groups":["all"]}]}', /must have no member "groups"/],
    [
      'copying accounts that the role does not allow',
      '{"pipelines":[{"pipeline":"a","copyingAccounts":["222222222222"]}]}',
      /copyingAccounts of a has 222222222222, which is not in CopyingAccounts/,
    ],
  ])('with %s name field and value', (_, text, message) => {
    expect(() => createSettings(stack, text, '/settings')).toThrow(message);
    expect(() => createSettings(stack, text, '/settings')).toThrow(
      expect.objectContaining({ name: 'ConfigurationError' }),
    );
  });
});
