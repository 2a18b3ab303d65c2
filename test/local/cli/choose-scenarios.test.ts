import { describe, expect, it } from 'vitest';
import { chooseScenarios } from '../../../local/cli/choose-scenarios.ts';
import type { Wing } from '../../../local/scenario-kit/discover.ts';

function wing(name: string, ...titles: readonly string[]): Wing {
  const nothing = async (): Promise<never> => {
    throw new Error('nobody plays this scenario');
  };
  const scenarios = titles.map((title) => ({
    wing: name,
    name: title,
    arrange: nothing,
    act: nothing,
    observe: nothing,
    expect: nothing,
  }));
  return { name, scenarios, parameters: {}, seed: undefined, panel: undefined };
}

const wings = [
  wing('alarms', 'A disk grows', 'an instance stops'),
  wing('cordon', 'an instance  is reclaimed', 'a warning is late', 'the disk is full'),
];

function titlesOf(only: string | undefined, scenario: string | undefined): readonly string[] {
  const chosen = chooseScenarios(wings, { only, scenario });
  expect(chosen.filter(({ scenarios }) => scenarios.length === 0)).toEqual([]);
  return chosen.flatMap(({ scenarios }) => scenarios.map(({ name }) => name));
}

describe('the chosen scenarios', () => {
  it.each<[string, string | undefined, string | undefined, readonly string[]]>([
    ['all without a choice', undefined, undefined, wings.flatMap((one) => one.scenarios.map((s) => s.name))],
    ['those of one wing', 'alarms', undefined, ['A disk grows', 'an instance stops']],
    ['those with a word, in any case', undefined, 'DISK', ['A disk grows', 'the disk is full']],
    ['those with a phrase', undefined, 'disk is', ['the disk is full']],
    ['those with a phrase, whatever its spaces', undefined, ' instance is  ', ['an instance  is reclaimed']],
    ['those of one wing with a word', 'cordon', 'instance', ['an instance  is reclaimed']],
  ])('are %s', (_, only, scenario, titles) => {
    expect(titlesOf(only, scenario)).toEqual(titles);
  });

  it.each<[string, string | undefined, string, string]>([
    [
      'misspelt words, and names the nearest titles, the nearest first',
      undefined,
      'warnign is late',
      "No scenario has 'warnign is late' in its title. The nearest titles:\n  cordon: a warning is late",
    ],
    [
      'words in another order',
      undefined,
      'stops instance',
      "No scenario has 'stops instance' in its title. The nearest titles:\n  alarms: an instance stops\n  cordon: an",
    ],
    [
      'words that only another wing has',
      'alarms',
      'reclaimed',
      "No scenario has 'reclaimed' in its title. No title is near to it either.",
    ],
    ['no words', undefined, ' ', '--scenario is empty: give words of a title.'],
  ])('cannot be %s', (_, only, scenario, message) => {
    expect(() => titlesOf(only, scenario)).toThrow(message);
  });
});
