import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Mapping, mapping } from '../json.ts';

const script = join(import.meta.dirname, 'transform.py');
const requirements = resolve(import.meta.dirname, '../python/requirements.txt');
const cacheFolder = resolve(import.meta.dirname, '../../.groundcrew/templates');
const run = promisify(execFile);

/** What CloudFormation makes of a SAM template; kept from one run to the next as long as nothing changed. */
export async function transform(python: string, templatePath: string): Promise<Mapping> {
  const template = await readFile(templatePath).catch((error: unknown) => {
    throw new Error(`There is no template at ${templatePath}`, { cause: error });
  });
  const kept = join(cacheFolder, `${await fingerprint(template)}.json`);
  const text = await readFile(kept, 'utf8').catch(() => runTransform(python, templatePath, kept));
  return mapping(JSON.parse(text));
}

async function fingerprint(template: Buffer): Promise<string> {
  const hash = createHash('sha256').update(template);
  for (const file of [script, requirements]) hash.update(await readFile(file));
  return hash.digest('hex').slice(0, 24);
}

async function runTransform(python: string, templatePath: string, kept: string): Promise<string> {
  const text = await transformed(python, templatePath);
  await mkdir(cacheFolder, { recursive: true });
  const draft = `${kept}.${randomUUID()}`;
  await writeFile(draft, text);
  await rename(draft, kept);
  await forgetOld();
  return text;
}

async function transformed(python: string, templatePath: string): Promise<string> {
  try {
    const { stdout } = await run(python, [script, templatePath], { maxBuffer: 64 << 20 });
    return stdout;
  } catch (error) {
    const said = mapping(error).stderr;
    throw new Error(String(said || error).trim(), { cause: error });
  }
}

/** Every edit of the template leaves a file behind. */
async function forgetOld(): Promise<void> {
  const names = await readdir(cacheFolder);
  const kept = names.filter((name) => name.endsWith('.json'));
  if (kept.length > 50) await Promise.all(kept.map((name) => rm(join(cacheFolder, name), { force: true })));
}
