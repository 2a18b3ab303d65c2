import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benches } from '../../bench/benches.ts';
import { ROOT, readText } from '../support/template.ts';

const NAMES = benches.map(({ name }) => name);

describe('docs/bench', () => {
  it('has a table and a chart for each bench, and no others', () => {
    const expected = ['README.md', ...NAMES.flatMap((name) => [`${name}.md`, `${name}.svg`])];

    expect(readdirSync(join(ROOT, 'docs/bench')).toSorted()).toEqual(expected.toSorted());
  });

  it('has a row in its index for each bench', () => {
    const rows = [...readText('docs/bench/README.md').matchAll(/^\| \[([\w-]+)\]\(([\w-]+)\.md\) \|/gm)];

    expect(rows.map(([, name]) => name)).toEqual(NAMES);
    expect(rows.map(([, , file]) => file)).toEqual(NAMES);
  });

  it.each(NAMES)('has a page for %s that names its command and shows its chart', (name) => {
    const page = readText(`docs/bench/${name}.md`);

    expect(page).toContain(`npm run bench -- --only ${name}\``);
    expect(page).toContain(`](${name}.svg)`);
  });
});
