import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An operation of an installed client: { client: 'client-ec2', name: 'DescribeInstances' }. */
export interface Operation {
  readonly client: string;
  readonly name: string;
}

const IMPORT = /import\s+(?!type\b)(\{[^}]*\}|[^{};]*?)\s+from\s+'@aws-sdk\/(client-[\w-]+)'/g;

/** Every operation that the TypeScript below these folders imports a command or a paginator of. */
export function findOperations(root: string, folders: readonly string[]): readonly Operation[] {
  const sources = folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(folder, name),
      ),
    )
    .filter((name) => name.endsWith('.ts'));
  const found = sources.flatMap((name) => readOperations(name, readFileSync(join(root, name), 'utf8')));
  const unique = new Map(found.map((operation) => [`${operation.client}/${operation.name}`, operation]));
  return [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, operation]) => operation);
}

function readOperations(file: string, source: string): readonly Operation[] {
  return [...source.matchAll(IMPORT)].flatMap(([, clause = '', client = '']) => {
    if (!clause.startsWith('{')) throw new Error(`${file} imports all of ${client}: name what it needs`);
    const names = clause
      .slice(1, -1)
      .split(',')
      .map((name) => name.trim());
    return names.flatMap((name) => {
      const [, command, paginated] = /^(?:(\w+)Command|paginate(\w+))\b/.exec(name) ?? [];
      const operation = command ?? paginated;
      return operation ? [{ client, name: operation }] : [];
    });
  });
}
