import { describe, expect, it } from 'vitest';
import { parseSource } from './support/docs/source.ts';
import { findInFileName, findPhrases, findPrivateNames, privateWordsIn } from './support/words/find-words.ts';
import { PHRASES, PRIVATE_TYPES, PRIVATE_WORDS } from './support/words/word-list.ts';

describe('the check of names', () => {
  it.each(PRIVATE_WORDS.map(({ word }) => [word]))('refuses %s in an identifier', (word) => {
    const name = `open${word.charAt(0).toUpperCase()}${word.slice(1)}Now`;

    const offences = findPrivateNames(parseSource('shared/a.ts', `export const ${name} = 1;`));

    expect(offences.join('\n')).toMatch(`shared/a.ts:1 ${name} (`);
    expect(offences.join('\n')).toContain(`${word}: use `);
  });

  it.each(PRIVATE_TYPES.map(({ word }) => [word]))('refuses a type %s', (word) => {
    const source = parseSource('shared/a.ts', `export interface ${word} { readonly a: string }`);

    expect(findPrivateNames(source).join('\n')).toContain(`${word}: use `);
  });

  it('refuses a private word in every writing', () => {
    for (const name of ['door', 'queueDoor', 'QUEUE_DOORS', 'queue-door', 'HTTPDoor2'])
      expect(privateWordsIn(name, 'shared/a.ts'), name).toEqual(['door: use handler']);
  });

  it('accepts a longer word that contains a private one', () => {
    for (const name of ['indoors', 'threshold', 'string', 'fated'])
      expect(privateWordsIn(name, 'shared/a.ts'), name).toEqual([]);
  });

  it('refuses a private word in the name of a file', () => {
    expect(findInFileName('functions/spot-cordon/fate-of.ts')).toHaveLength(1);
    expect(findInFileName('functions/spot-cordon/uncordon-decision.ts')).toEqual([]);
  });

  it('reports a name once, where it is first', () => {
    const source = parseSource('shared/a.ts', 'let a = 1;\nlet fate = a;\nfate = fate + 1;');

    expect(findPrivateNames(source)).toEqual(['shared/a.ts:2 fate (fate: use decision)']);
  });

  it.each([
    ['holdRecord', 'functions/health-gate/a.ts', true],
    ['holdRecord', 'functions/disk-alarms/a.ts', false],
    ['rebalanceHoldMinutes', 'functions/spot-cordon/a.ts', true],
    ['instanceHold', 'functions/spot-cordon/a.ts', false],
    ['deadLetters', 'local/a.ts', true],
    ['letters', 'local/a.ts', false],
  ])('judges %s in %s by its exceptions', (name, path, isAllowed) => {
    expect(privateWordsIn(name, path).length === 0).toBe(isAllowed);
  });
});

describe('the check of phrases', () => {
  const examples = [
    'fields parted by commas',
    'all but for one',
    'it is made anew',
    'a message is rubbish',
    'the approver gets his link',
    'shared all the same',
    'kept for ever',
    'a name that is none of its own',
    'lest it fails',
    'the end thereof',
    'the message comes again',
    'somebody wrote meanwhile',
    'the reason beside it',
    'whoever asks',
    'the alarm tells of it',
    'mend the cause',
    'an instance, whose silence is none',
    'a request that was turned down',
    'the alarm rings at night',
    'an endangered instance',
    'a mail tells on-call about it',
    'the owners are told about it',
    'the wish of the owner',
  ];

  it('has an example for every phrase', () => {
    const unused = PHRASES.filter(({ pattern }) => !examples.some((example) => pattern.test(example)));

    expect(unused).toEqual([]);
  });

  it.each(examples)('refuses "%s"', (example) => {
    expect(findPhrases('docs/a.md', `Fine.\n${example}\n`)).toEqual([
      expect.stringMatching(/^docs\/a\.md:2 /),
    ]);
    expect(findPhrases('shared/a.ts', `\n/** Fine.\n * ${example} */\nexport {};`)).toEqual([
      expect.stringMatching(/^shared\/a\.ts:3 /),
    ]);
    expect(findPhrases('shared/a.ts', `export const a = '${example}';`)).toHaveLength(1);
    expect(findPhrases('functions/a/template.yaml', `Description: ${example}`)).toHaveLength(1);
  });

  it('accepts a phrase that is quoted as code in a document, and words that contain one', () => {
    const text = 'Old text: `comes again`.\n```\nanew\n```\nThe other half of the theme stays for every run.';

    expect(findPhrases('docs/a.md', text)).toEqual([]);
  });
});
