import type { Wing } from '../scenario-kit/discover.ts';
import { Refused } from './arguments.ts';

export interface Choice {
  readonly only: string | undefined;
  /** Words of a scenario's title, as one phrase. */
  readonly scenario: string | undefined;
}

/** The wings to play, each with the scenarios to play. Throws Refused if nothing matches. */
export function chooseScenarios(wings: readonly Wing[], { only, scenario }: Choice): readonly Wing[] {
  const chosen = chooseWings(wings, only);
  return scenario === undefined ? chosen : chooseByTitle(chosen, scenario);
}

function chooseWings(wings: readonly Wing[], only: string | undefined): readonly Wing[] {
  if (only === undefined) return wings;
  const chosen = wings.filter(({ name }) => name === only);
  if (chosen.length > 0) return chosen;
  throw new Refused(`There is no wing ${only}. There are: ${wings.map(({ name }) => name).join(', ')}.`);
}

function chooseByTitle(wings: readonly Wing[], words: string): readonly Wing[] {
  const phrase = normalize(words);
  if (phrase === '') throw new Refused('--scenario is empty: give words of a title.');
  const chosen = wings
    .map((wing) => ({
      ...wing,
      scenarios: wing.scenarios.filter(({ name }) => normalize(name).includes(phrase)),
    }))
    .filter(({ scenarios }) => scenarios.length > 0);
  if (chosen.length > 0) return chosen;
  throw new Refused(`No scenario has '${words}' in its title. ${describeNearTitles(wings, phrase)}`);
}

function normalize(text: string): string {
  return text.trim().toLowerCase().replaceAll(/\s+/g, ' ');
}

const maxNearTitles = 5;

function describeNearTitles(wings: readonly Wing[], phrase: string): string {
  const titles = wings.flatMap(({ name: wing, scenarios }) => scenarios.map(({ name }) => ({ wing, name })));
  const near = titles
    .map((title) => ({ ...title, likeness: likenessOf(phrase, normalize(title.name)) }))
    .filter(({ likeness }) => likeness > 0)
    .toSorted((a, b) => b.likeness - a.likeness)
    .slice(0, maxNearTitles);
  if (near.length === 0) return 'No title is near to it either.';
  return ['The nearest titles:', ...near.map(({ wing, name }) => `  ${wing}: ${name}`)].join('\n');
}

/** How many runs of three letters of the phrase the title has too: a misspelt word still shares most of its own. */
function likenessOf(phrase: string, title: string): number {
  const runs = new Set(phrase.split(' ').flatMap(runsOfThree));
  return [...runs].filter((run) => title.includes(run)).length;
}

function runsOfThree(word: string): readonly string[] {
  return Array.from({ length: Math.max(0, word.length - 2) }, (_, at) => word.slice(at, at + 3));
}
