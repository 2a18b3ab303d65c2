import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from '../../build.ts';
import { mapping } from '../json.ts';
import { writeArchives } from '../release/archives.ts';
import { changelogSection, versionOf } from '../release/changelog.ts';
import { writeFlat } from '../stack/flat.ts';
import { Refused } from './arguments.ts';
import { reportAndExit } from './report-error.ts';

const usage = `npm run release -- <tag>

Writes what a release holds to dist/release/: notes.md with the tag's section of the changelog, and for each wing an
archive for sam deploy and one with the template without a transform. The tag is v and the version of package.json.`;

const root = join(import.meta.dirname, '../..');
const outdir = join(root, 'dist');

async function main([tag, ...others]: readonly string[]): Promise<void> {
  if (tag === undefined || others.length > 0 || tag.startsWith('-')) throw new Refused(usage);
  const { version: packageVersion } = mapping(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const version = versionOf(tag, String(packageVersion));
  const notes = changelogSection(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version);
  const folder = join(outdir, 'release');
  rmSync(folder, { recursive: true, force: true });
  const built = await build();
  const wings = await writeFlat(built, { root, outdir, progress: console.error });
  const archives = writeArchives(built, wings, { root, folder, version });
  const notesFile = join(folder, 'notes.md');
  writeFileSync(notesFile, notes);
  for (const path of [notesFile, ...archives]) console.log(relative(root, path));
}

await main(process.argv.slice(2)).catch(reportAndExit);
