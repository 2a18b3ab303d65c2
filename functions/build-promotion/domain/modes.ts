import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';
import type { FileDifference } from './file-difference.ts';
import { MODES } from './names.ts';

/** Folders and executable files have the mode 755 in the store, all other files 644. */
export interface Modes {
  readonly folders: ReadonlySet<string>;
  readonly executables: ReadonlySet<string>;
}

/** The attributes of a file or folder that decide who can read and change it. */
export interface Permissions {
  readonly mode: number;
  readonly uid: number;
}

/**
 * Parses the list of `stamp-build`: `d <folder>` or `x <executable file>` per line.
 *
 * @throws InvalidInputError with the line number
 */
export function parseModes(text: string): Modes {
  const folders = new Set<string>();
  const executables = new Set<string>();
  for (const [at, line] of text.split('\n').slice(0, -1).entries()) {
    const [, kind, path] = /^([dx]) (.+)$/.exec(line) ?? [];
    if (path === undefined)
      throw new InvalidInputError(
        `${MODES}: line ${at + 1} is ${formatValue(line)}, expected d or x and a path`,
      );
    (kind === 'd' ? folders : executables).add(path);
  }
  return { folders, executables };
}

const SPECIAL_BITS = 0o7000;
const FOLDER_MODE = 0o755;
const EXECUTABLE_MODE = 0o755;
const FILE_MODE = 0o644;
const OTHERS_READ = 0o004;
const OTHERS_ENTER = 0o005;

/** @param owner user id of the build's folder */
export function fileModeDifference(
  path: string,
  { mode, uid }: Permissions,
  modes: Modes | undefined,
  owner: number,
): FileDifference | undefined {
  if (mode & SPECIAL_BITS) return { path, kind: 'setuid' };
  if (!(mode & OTHERS_READ)) return { path, kind: 'unreadable' };
  const expected = modes?.executables.has(path) ? EXECUTABLE_MODE : FILE_MODE;
  if (modes && (mode & 0o777) !== expected) return { path, kind: 'mode' };
  return uid === owner ? undefined : { path, kind: 'owner' };
}

/** @param owner user id of the build's folder */
export function folderModeDifference(
  path: string,
  { mode, uid }: Permissions,
  modes: Modes | undefined,
  owner: number,
): FileDifference | undefined {
  if ((mode & OTHERS_ENTER) !== OTHERS_ENTER) return { path, kind: 'unreadable' };
  if (modes && (mode & 0o7777) !== FOLDER_MODE) return { path, kind: 'mode' };
  return uid === owner ? undefined : { path, kind: 'owner' };
}

/** Folders are named with a slash at the end. */
export function compareFolders(found: readonly string[], modes: Modes | undefined): FileDifference[] {
  if (!modes) return [];
  const known = new Set(found);
  const extra = found.filter((path) => !modes.folders.has(path));
  const missing = [...modes.folders].filter((path) => !known.has(path));
  return [
    ...extra.map((path) => ({ path: `${path}/`, kind: 'extra' as const })),
    ...missing.map((path) => ({ path: `${path}/`, kind: 'missing' as const })),
  ];
}
