import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { discoverWings, type Wing } from '../scenario-kit/discover.ts';

export interface ScenarioLoader {
  /** Imports the scenarios as they are now. */
  load(): Promise<readonly Wing[]>;
  /** Changes with the files. */
  version(): string;
}

/** Node imports a module once for each address: changed scenarios get a new one, and everything else keeps its own. */
export function createScenarioLoader(folder: string): ScenarioLoader {
  const address = pathToFileURL(`${folder}/`).href;
  const version = (): string => hashFolder(folder);
  let loaded = version();
  const first = loaded;
  registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context);
      const isReloaded = loaded !== first && found.url.startsWith(address);
      return isReloaded ? { ...found, url: `${found.url}?version=${loaded}` } : found;
    },
  });
  return {
    version,
    load: () => {
      loaded = version();
      return discoverWings(folder);
    },
  };
}

function hashFolder(folder: string): string {
  const hash = createHash('sha256');
  for (const path of globSync('**/*.ts', { cwd: folder }).toSorted()) {
    hash.update(`${path}\0`).update(readFileSync(join(folder, path)));
  }
  return hash.digest('hex').slice(0, 16);
}
