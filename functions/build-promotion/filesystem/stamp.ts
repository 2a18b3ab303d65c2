import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInputError } from '#shared/errors.ts';
import { type Artifact, parseArtifact } from '../domain/artifact.ts';
import { STAMP } from '../domain/names.ts';
import { undefinedOnError } from './layout.ts';

/** Reads the stamp in a build's folder. @returns undefined without a valid stamp */
export async function readStamp(folder: string): Promise<Artifact | undefined> {
  const text = await undefinedOnError(readFile(join(folder, STAMP), 'utf8'), 'ENOENT', 'ENOTDIR', 'EISDIR');
  try {
    return text === undefined ? undefined : parseArtifact(text);
  } catch (error) {
    if (error instanceof InvalidInputError) return undefined;
    throw error;
  }
}
