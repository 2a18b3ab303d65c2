import type { Plugin } from 'esbuild';
import { applyEdits, type Edit } from './edits.ts';
import { findUses } from './string-uses.ts';

/**
 * A bundle says some texts many times ("string", "aws.auth#sigv4"), in modules that know nothing of each other, and
 * others once, but by a name. When it is complete, each text that is long enough for its number gets a name, the others
 * are written out.
 */
export const sharedStrings: Plugin = {
  name: 'shared-strings',
  setup(build) {
    if (!build.initialOptions.minify || build.initialOptions.write !== false) return;
    build.onEnd(({ outputFiles = [] }) => {
      for (const file of outputFiles) {
        if (file.path.endsWith('js')) file.contents = new TextEncoder().encode(shareStrings(file.text));
      }
    });
  },
};

/** The same module with each text written once, if its name takes less. */
export function shareStrings(code: string): string {
  const { cuts, names, places } = findUses(code);
  const free = listFreeNames(names);
  const named: string[] = [];
  const edits: Edit[] = cuts.map((span) => ({ ...span, text: '' }));
  const byNumber = [...places].toSorted(([, a], [, b]) => b.length - a.length);
  let name = free.next().value;
  for (const [value, spans] of byNumber) {
    const raw = write(value);
    const isShorter = name.length * spans.length + `${name}=${raw},`.length < raw.length * spans.length;
    edits.push(...spans.map((span) => ({ ...span, text: isShorter ? name : raw })));
    if (!isShorter) continue;
    named.push(`${name}=${raw}`);
    name = free.next().value;
  }
  const edited = applyEdits(code, edits);
  return named.length > 0 ? `var ${named.join(',')};${edited}` : edited;
}

/** As esbuild writes it. */
function write(value: string): string {
  const raw = JSON.stringify(value).replaceAll(/[\u{80}-\u{10ffff}]/gu, escapePoint);
  return value.includes('"') && !/['\n]/.test(value) ? `'${raw.slice(1, -1).replaceAll('\\"', '"')}'` : raw;
}

function escapePoint(text: string): string {
  const point = text.codePointAt(0) ?? 0;
  return point > 0xffff ? `\\u{${point.toString(16)}}` : `\\u${point.toString(16).padStart(4, '0')}`;
}

const FIRST = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$'];
const KEYWORDS = /^(do|if|in|of|as|is|for|new|try|var|let|get|set|NaN)$/;

/** Short names that nothing in the module has, the shortest first. */
function* listFreeNames(taken: ReadonlySet<string>): Generator<string, never> {
  for (
    let names = FIRST;
    ;
    names = names.flatMap((name) => [...FIRST, ...'0123456789'].map((next) => name + next))
  ) {
    yield* names.filter((name) => !taken.has(name) && !KEYWORDS.test(name));
  }
}
