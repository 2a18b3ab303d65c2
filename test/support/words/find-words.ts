import { basename } from 'node:path';
import type { Node } from 'oxc-parser';
import { lineOf, parseSource, type Source, walk } from '../docs/source.ts';
import { PHRASES, PRIVATE_TYPES, PRIVATE_WORDS, type PrivateWord } from './word-list.ts';

/** The private words in an identifier or a file name, as `door: use handler`. */
export function privateWordsIn(name: string, path: string): string[] {
  const parts = new Set(splitName(name));
  return PRIVATE_WORDS.filter(({ word }) => parts.has(word) || parts.has(`${word}s`))
    .filter((word) => !isAllowed(word, name, path))
    .map(describeWord);
}

function isAllowed({ allowed = [] }: PrivateWord, name: string, path: string): boolean {
  return allowed.some(({ names, paths }) => paths.test(path) && (names?.test(name) ?? true));
}

function describeWord({ instead, word }: PrivateWord): string {
  return `${word}: use ${instead}`;
}

/** `openDeadLetters2` is open, dead, letters; so are `OPEN_DEAD_LETTERS` and `open-dead-letters`. */
function splitName(name: string): string[] {
  return name
    .split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z]+/)
    .map((part) => part.toLowerCase())
    .filter(Boolean);
}

/** Offences in the names of a TypeScript file, each once: `path:line name (word: use ...)`. */
export function findPrivateNames(source: Source): string[] {
  const offences = new Map<string, string>();
  const report = (name: string, start: number, words: readonly string[]): void => {
    if (words.length > 0 && !offences.has(name))
      offences.set(name, `${source.path}:${lineOf(source, start)} ${name} (${words.join('; ')})`);
  };
  walk(source.program, (node) => {
    if (node.type === 'Identifier') report(node.name, node.start, privateWordsIn(node.name, source.path));
    const type = declaredType(node);
    const entry = PRIVATE_TYPES.find(({ word }) => word === type);
    if (type !== undefined && entry) report(type, node.start, [describeWord(entry)]);
  });
  return [...findInFileName(source.path), ...offences.values()];
}

export function findInFileName(path: string): string[] {
  const name = basename(path).replace(/\.\w+$/, '');
  return privateWordsIn(name, path).map((words) => `${path} (${words})`);
}

function declaredType(node: Node): string | undefined {
  const isType = node.type === 'TSInterfaceDeclaration' || node.type === 'TSTypeAliasDeclaration';
  return isType ? node.id.name : undefined;
}

/** Offences in the prose of a file, each as `path:line "phrase": use ...`. */
export function findPhrases(path: string, text: string): string[] {
  return proseOf(path, text).flatMap((prose) =>
    PHRASES.flatMap(({ instead, pattern }) => {
      const found = pattern.exec(prose.text);
      if (!found) return [];
      const line = prose.line + prose.text.slice(0, found.index).split('\n').length - 1;
      return [`${path}:${line} "${found[0]}": use ${instead}`];
    }),
  );
}

interface Prose {
  readonly text: string;
  readonly line: number;
}

/** What people read: comments and texts of a TypeScript file, a document without its code, any other file in full. */
function proseOf(path: string, text: string): Prose[] {
  if (path.endsWith('.ts')) return proseOfSource(parseSource(path, text));
  const prose = path.endsWith('.md') ? withoutCode(text) : text;
  return prose.split('\n').map((line, at) => ({ text: line, line: at + 1 }));
}

function proseOfSource(source: Source): Prose[] {
  const texts: Prose[] = source.comments.map(({ start, value }) => ({
    text: value,
    line: lineOf(source, start),
  }));
  walk(source.program, (node) => {
    const text = literalText(node);
    if (text !== undefined) texts.push({ text, line: lineOf(source, node.start) });
  });
  return texts;
}

function literalText(node: Node): string | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  return node.type === 'TemplateElement' ? node.value.raw : undefined;
}

/** Replaces code by spaces, so that lines keep their numbers. */
function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```|`[^`\n]*`/gm, (code) => code.replace(/[^\n]/g, ' '));
}
