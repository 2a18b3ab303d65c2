import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseSource } from '../docs/source.ts';
import { ROOT, readTemplate, readText } from '../template.ts';
import { findInFileName, findPhrases, findPrivateNames, privateWordsIn } from './find-words.ts';

// Part of `npm run check`. Tests are free in their words: they quote what the check refuses.

const CODE = /^(functions|shared|local|bench|build)\/|^build\.ts$/;
const PROSE = /\.(md|ya?ml|toml|py|c|mjs|cjs)$|^tools\/[\w-]+$/;

const FOLDERS = ['functions', 'shared', 'local', 'bench', 'build', 'docs', 'examples', 'tools', '.github'];

const files = [
  ...readdirSync(ROOT, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : [])),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/')),
  ),
];

const offences = files.flatMap((path) => {
  if (CODE.test(path) && path.endsWith('.ts')) {
    const text = readText(path);
    return [...findPrivateNames(parseSource(path, text)), ...findPhrases(path, text)];
  }
  if (!PROSE.test(path)) return [];
  const text = readText(path);
  const names = /(^|\/)template\.yaml$/.test(path) ? namesInTemplate(path, text) : [];
  return [...(CODE.test(path) ? findInFileName(path) : []), ...names, ...findPhrases(path, text)];
});

for (const offence of offences) console.error(offence);
if (offences.length > 0) {
  console.error(`\n${offences.length} words that a reader may not know: docs/style.md says which to use.`);
  process.exit(1);
}
console.log(`Checked the words of ${files.length} files.`);

/** Logical ids, parameters, conditions and outputs. */
function namesInTemplate(path: string, text: string): string[] {
  const { Conditions, Outputs, Parameters, Resources } = readTemplate(text);
  return [Conditions, Outputs, Parameters, Resources]
    .flatMap((section) => Object.keys(section ?? {}))
    .flatMap((name) => privateWordsIn(name, path).map((words) => `${path} ${name} (${words})`));
}
