import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInputError } from '#shared/errors.ts';
import { type Artifact, readArtifact } from '../domain/artifact.ts';
import { STAMP } from '../domain/names.ts';
import { unless } from './layout.ts';

/** The stamp in a build's folder; undefined when there is none, or the file is no stamp. */
export async function readStamp(folder: string): Promise<Artifact | undefined> {
  const text = await unless(readFile(join(folder, STAMP), 'utf8'), 'ENOENT', 'ENOTDIR', 'EISDIR');
  try {
    return text === undefined ? undefined : readArtifact(text);
  } catch (error) {
    if (error instanceof InvalidInputError) return undefined;
    throw error;
  }
}
