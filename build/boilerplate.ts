import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Plugin, PluginBuild } from 'esbuild';
import { readParts } from './boilerplate-parts.ts';
import { expectMatches } from './plugins.ts';

// The modules that a client's generator writes alike for every service.
const FILES =
  /(@aws-sdk[\\/]client-[\w-]+[\\/]dist-es)[\\/](runtimeConfig(\.shared)?|\w+Client|auth[\\/]httpAuthSchemeProvider|endpoint[\\/]EndpointParameters)\.js$/;

/**
 * A bundle has up to 3 KB of such modules for each client. Where those of several clients differ in nothing but names
 * and texts, their common text becomes one function of what differs. A module like no other stays as it is.
 */
export const sharedBoilerplate: Plugin = {
  name: 'shared-boilerplate',
  setup(build) {
    const texts = new Map<string, string>();
    const read = makeReader(build);
    const matched = expectMatches(build, 'shared-boilerplate', { filter: FILES });
    build.onLoad({ filter: FILES }, async ({ path }) => {
      const own = await read(path);
      const siblings = await Promise.all(findSiblings(path).map(read));
      if (!own || !siblings.some((sibling) => sibling?.key === own.key)) return undefined;
      matched();
      texts.set(own.key, own.common);
      return { contents: own.own, resolveDir: dirname(path) };
    });
    build.onResolve({ filter: /^boilerplate:/ }, ({ path, resolveDir }) => ({
      path: path.replace('boilerplate:', ''),
      namespace: 'boilerplate',
      pluginData: resolveDir,
    }));
    build.onLoad({ filter: /./, namespace: 'boilerplate' }, ({ path, pluginData: resolveDir }) => ({
      contents: texts.get(path) ?? '',
      resolveDir,
      pluginData: { text: texts.get(path) },
    }));
  },
};

interface Module {
  /** The same for modules of the same common text that import the same packages. */
  readonly key: string;
  readonly common: string;
  readonly own: string;
}

type Reader = (path: string) => Promise<Module | undefined>;

/** Reads each module once in a build. */
function makeReader(build: PluginBuild): Reader {
  const known = new Map<string, ReturnType<Reader>>();
  return (path) => {
    const module = known.get(path) ?? readModule(build, path);
    known.set(path, module);
    return module;
  };
}

async function readModule(build: PluginBuild, path: string): Promise<Module | undefined> {
  const parts = readParts(await readFile(path, 'utf8'));
  if (!parts) return undefined;
  // Two clients can have different versions of a package, each below its own folder.
  const packages = await Promise.all(
    parts.packages.map((name) =>
      build.resolve(name, { importer: path, resolveDir: dirname(path), kind: 'import-statement' }),
    ),
  );
  const key = createHash('sha256')
    .update([parts.common, ...packages.map((one) => one.path)].join('\n'))
    .digest('hex')
    .slice(0, 16);
  return { key, common: parts.common, own: parts.writeOwn(`boilerplate:${key}`) };
}

/** The modules of the same kind of the other installed clients. */
function findSiblings(path: string): readonly string[] {
  const { 1: own = '', 2: name = '' } = FILES.exec(path) ?? [];
  const folder = join(path.slice(0, path.indexOf(own)), '@aws-sdk');
  const clients = readdirSync(folder).filter((one) => one.startsWith('client-'));
  return clients
    .flatMap((client) => {
      const modules = join(folder, client, 'dist-es');
      if (!existsSync(modules)) return [];
      const names = name.endsWith('Client')
        ? readdirSync(modules).filter((one) => one.endsWith('Client.js'))
        : [`${name}.js`];
      return names.map((one) => join(modules, one));
    })
    .filter((one) => one !== path && existsSync(one));
}
