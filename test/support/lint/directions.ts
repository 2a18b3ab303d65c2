/** A source file of a wing and what it imports, both relative to the wing's folder. */
export interface Imports {
  readonly path: string;
  readonly targets: readonly string[];
  /** What it imports as values, not as types. */
  readonly values?: readonly { readonly target: string; readonly names: readonly string[] }[];
}

/** A limit, a pattern, or the names of tags: no decision. */
const CONSTANT = /^[A-Z][A-Z0-9_]*$|(?:Keys|Tags)$/;

/** What each room of a wing may import; a room that is not named here is a function's folder. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: ['domain'],
  aws: ['domain'],
  messages: ['domain'],
  protocol: ['domain'],
  filesystem: ['domain', 'protocol'],
  '.': ['domain', 'aws', 'messages', 'protocol', 'filesystem', '.'],
};

/** Function folders may use every room, but no other function's folder. */
export function findUpwardImports(files: readonly Imports[]): string[] {
  return files.flatMap(({ path, targets }) => {
    const room = roomOf(path);
    const allowed = MAY_IMPORT[room] ?? ['domain', 'aws', 'messages', 'protocol', 'filesystem', '.'];
    return targets
      .filter((target) => roomOf(target) !== room && !allowed.includes(roomOf(target)))
      .map((target) => `${path} imports ${target}`);
  });
}

/** `aws/` returns what AWS says, and the function asks the domain about it: of the domain it has types and constants. */
export function findDecisionsInAws(files: readonly Imports[]): string[] {
  return files
    .filter(({ path }) => roomOf(path) === 'aws')
    .flatMap(({ path, values = [] }) =>
      values
        .filter(({ target }) => roomOf(target) === 'domain')
        .flatMap(({ target, names }) =>
          names.filter((name) => !CONSTANT.test(name)).map((name) => `${path} imports ${name} of ${target}`),
        ),
    );
}

/** The first folder below the wing's own, `.` for a file that lies in the wing's folder itself. */
function roomOf(path: string): string {
  const [folder = '.', ...rest] = path.split('/');
  return rest.length === 0 ? '.' : folder;
}
