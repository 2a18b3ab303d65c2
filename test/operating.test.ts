import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorOf } from './support/docs/anchors.ts';
import { findLogMessages } from './support/docs/log-messages.ts';
import { parseSource, readSources } from './support/docs/source.ts';
import { ROOT, readTemplate, readText } from './support/template.ts';

const OPERATING = readText('docs/operating.md');
const MESSAGES = findLogMessages(readSources(['functions', 'shared']));

/** The rows of the tables "log message | level | meaning | what to do", by message. */
const ROWS = new Map(
  OPERATING.split('\n')
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))
    .filter((cells) => cells.length === 4 && /^(warn|error)$/.test(cells[1] ?? ''))
    .map(([message = '', level, ...texts]) => [message.replaceAll('`', ''), { level, texts }] as const),
);

describe('operating.md', () => {
  it('says of every warning and error in the logs what it means and what to do', () => {
    const missing = MESSAGES.filter(({ text, level }) => {
      const row = ROWS.get(text);
      return row?.level !== level || row.texts.some((cell) => cell === '');
    });

    expect(missing.map(({ text, level, at }) => `${level}: ${text} (${at})`)).toEqual([]);
  });

  it('explains no log message that no function writes', () => {
    const written = new Set(MESSAGES.map(({ text }) => text));

    expect([...ROWS.keys()].filter((message) => !written.has(message))).toEqual([]);
  });

  it('has for every alarm a section that names it', () => {
    const sections = new Map(
      OPERATING.split(/^#+ /m).map((section) => [anchorOf(section.split('\n', 1)[0] ?? ''), section]),
    );

    for (const { id, description, wing } of readAlarms()) {
      const anchor = /#([\w-]+)$/.exec(description)?.[1];
      expect(sections.get(anchor ?? ''), `${id} of ${wing} refers to a section`).toContain(`\`${id}\``);
    }
  });

  it('lists every alarm with its severity and its wings, and no other', () => {
    const expected = readAlarms().map(
      ({ id, description, wing }) => `${id} ${severityOf(description)} ${wing}`,
    );

    expect(listedAlarms().sort()).toEqual(expected.sort());
  });

  it('names no alarm that no template has', () => {
    const known = new Set(readAlarms().map(({ id }) => id));
    const named = [...OPERATING.matchAll(/`(\w+Alarm)`/g)].map(([, id = '']) => id);

    expect(named.filter((id) => !known.has(id))).toEqual([]);
  });
});

describe('the search for log messages', () => {
  const helper = 'export function report(fields: object, text: string) { logger.error(text, fields); }';

  it.each([
    ['a constant text', "logger.warn('disk full', {});", ['warn: disk full']],
    ['a logger in a context', "context.invocation.logger.error('disk full');", ['error: disk full']],
    ['both branches', "logger.warn(a ? 'disk full' : 'disk gone');", ['warn: disk full', 'warn: disk gone']],
    ['a text that a helper passes on', `${helper} report({}, 'disk full');`, ['error: disk full']],
    ['no text of another level', "logger.info('disk full'); console.error('disk full');", []],
  ])('finds %s', (_, code, found) => {
    const messages = findLogMessages([parseSource('a.ts', code)]);

    expect(messages.map(({ level, text }) => `${level}: ${text}`)).toEqual(found);
  });

  it('refuses a text with values in it, which nobody can search for', () => {
    const source = parseSource('a.ts', 'logger.warn(`disk ' + '${' + 'name} full`);');

    expect(() => findLogMessages([source])).toThrow('must be a constant text');
  });
});

interface AlarmOfWing {
  readonly wing: string;
  readonly id: string;
  readonly description: string;
}

const WINGS = readdirSync(join(ROOT, 'functions'));

function severityOf(description: string): string | undefined {
  return /^\[(page|mail)\] /.exec(description)?.[1];
}

/** The rows of the table "alarm | severity | wing | section", one text for each alarm of each wing. */
function listedAlarms(): string[] {
  const rows = OPERATING.matchAll(/^\| (`\w+Alarm`.*) \| (page|mail) \| (.+) \| \[.*\]\(#.*\) \|$/gm);
  return [...rows].flatMap(([, alarms = '', severity, wings = '']) =>
    [...alarms.matchAll(/`(\w+)`/g)].flatMap(([, id]) =>
      (wings === 'every wing' ? WINGS : wings.split(', ')).map((wing) => `${id} ${severity} ${wing}`),
    ),
  );
}

function readAlarms(): AlarmOfWing[] {
  return WINGS.flatMap((wing) =>
    Object.entries(readTemplate(readText(`functions/${wing}/template.yaml`)).Resources)
      .filter(([, { Type }]) => /^AWS::CloudWatch::(Composite)?Alarm$/.test(Type))
      .map(([id, { Properties }]) => ({
        wing,
        id,
        description: String(Properties?.AlarmDescription['Fn::Sub']),
      })),
  );
}
