import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, withoutCodeBlocks } from './support/docs/anchors.ts';
import { ROOT, readText } from './support/template.ts';

const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...['docs', 'functions', 'test', '.github']
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.md'))
        .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
    ),
];

describe('every relative link in a document', () => {
  it.each(DOCUMENTS)('%s leads to a file and to a heading', (path) => {
    expect(brokenLinks(path, readText(path))).toEqual([]);
  });

  it.each([
    ['a file that does not exist', '[a](docs/nowhere.md)'],
    ['a heading that does not exist', '[a](docs/operating.md#nowhere)'],
    ['a heading of the same document that does not exist', '# Here\n[a](#nowhere)'],
    ['an image that does not exist', '![a](docs/images/nowhere.png)'],
  ])('is refused if it names %s', (_, text) => {
    expect(brokenLinks('README.md', text)).toHaveLength(1);
  });

  it('is accepted for files, headings with code in them, and addresses of other sites', () => {
    const text =
      '# The `a` of b\n[a](#the-a-of-b) [b](docs/operating.md#dead-letters) [c](https://example.com)';

    expect(brokenLinks('README.md', text)).toEqual([]);
  });
});

describe('docs/README.md', () => {
  const linked = [...readText('docs/README.md').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) =>
    normalize(join('docs', target)).replaceAll('\\', '/'),
  );

  it('leads to every document, decision and example, once', () => {
    const documents = DOCUMENTS.filter((path) => path.startsWith('docs/') && path !== 'docs/README.md')
      // Their index is docs/bench/README.md: see test/bench/docs.test.ts.
      .filter((path) => !path.startsWith('docs/bench/') || path === 'docs/bench/README.md');
    const examples = readdirSync(join(ROOT, 'examples')).map((name) => `examples/${name}`);

    expect([...documents, ...examples].filter((path) => !linked.includes(path))).toEqual([]);
    expect(linked.filter((path, at) => linked.indexOf(path) !== at)).toEqual([]);
  });
});

function brokenLinks(path: string, text: string): string[] {
  return [...withoutCodeBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/i.test(target))
    .filter((target) => !leadsSomewhere(path, text, target));
}

function leadsSomewhere(path: string, text: string, target: string): boolean {
  const [file = '', heading] = target.split('#');
  const goal = file === '' ? path : normalize(join(dirname(path), file)).replaceAll('\\', '/');
  if (!existsSync(join(ROOT, goal))) return false;
  if (heading === undefined || !goal.endsWith('.md')) return true;
  return anchorsOf(file === '' ? text : readText(goal)).includes(heading);
}
