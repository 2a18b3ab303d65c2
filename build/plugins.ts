import { readFile } from 'node:fs/promises';
import type { OnLoadResult, PartialMessage, Plugin, PluginBuild } from 'esbuild';
import { exportsOf, importsOf } from './module-names.ts';

/** What a plugin changes, and in which bundles there must be something for it to change. */
interface Target {
  /** The paths of the modules, or the names by which they are imported. */
  readonly filter: RegExp;
  /** The modules with which a bundle has such a one too: those of any client by default. */
  readonly given?: RegExp;
}

/** Undefined for a source in another form than the change knows. */
export type Change = (source: string) => string | undefined;

const CLIENT = /@aws-sdk\/client-[\w-]+\/dist-es\//;

/**
 * Changes the source of the modules that the filter matches. A module of another form than the change knows stays as
 * it is, with a warning: a larger bundle is better than none on the day of a fix.
 */
export function rewrite(name: string, target: Target, change: Change): Plugin {
  return {
    name,
    setup(build) {
      const matched = expectMatches(build, name, target);
      build.onLoad({ filter: target.filter }, async ({ path }) => {
        matched();
        return {
          ...changeModule(path, await readFile(path, 'utf8'), change),
          loader: path.endsWith('.json') ? 'json' : 'js',
        };
      });
    },
  };
}

/** Puts these lines in place of the modules, if they export all that the modules do. */
export function replace(name: string, target: Target, lines: readonly string[]): Plugin {
  return rewrite(name, target, (source) => (exportsOf(source).length > 0 ? lines.join('\n') : undefined));
}

/** The changed module, or a warning and no module: esbuild then goes on to what it would load without us. */
export function changeModule(path: string, source: string, change: Change): OnLoadResult {
  const changed = change(source);
  const exported = exportsOf(changed ?? '');
  const isWhole = exportsOf(source).every((name) => exported.includes(name));
  return changed !== undefined && changed !== source && isWhole ? { contents: changed } : unknownForm(path);
}

export function unknownForm(path: string): { readonly warnings: PartialMessage[] } {
  const module = path.replaceAll('\\', '/').split('/node_modules/').at(-1);
  return { warnings: [{ text: `${module} has a form that the build does not know, and stays as it is` }] };
}

/**
 * Puts these lines in place of what is imported by a name that the filter matches. Importers whose paths `whole`
 * matches go on to get the real thing, and so do those that import more than the lines export.
 */
export function substitute(
  name: string,
  target: Target & { readonly whole?: RegExp },
  lines: readonly string[],
): Plugin {
  const { filter, whole } = target;
  const given = exportsOf(lines.join('\n'));
  return {
    name,
    setup(build) {
      const matched = expectMatches(build, name, target);
      build.onResolve({ filter }, async ({ path, importer, resolveDir, pluginData }) => {
        if (whole?.test(importer)) return undefined;
        matched();
        const names = importsOf(textOf(pluginData) ?? (await readFile(importer, 'utf8')), path);
        if (names?.every((one) => given.includes(one)))
          return { path, namespace: name, pluginData: resolveDir };
        return unknownForm(importer);
      });
      build.onLoad({ filter, namespace: name }, ({ pluginData: resolveDir }) => ({
        contents: lines.join('\n'),
        resolveDir,
      }));
    },
  };
}

/** A module that a plugin writes passes its text on, because it has no file. */
function textOf(pluginData: unknown): string | undefined {
  const text: unknown = Object(pluginData).text;
  return typeof text === 'string' ? text : undefined;
}

/**
 * Warns at the end of a build if the plugin found nothing although the bundles have what it is for: then the SDK has
 * moved or renamed it, and what the plugin took away is back.
 * @returns what the plugin calls for each module that it finds
 */
export function expectMatches(
  build: PluginBuild,
  name: string,
  { filter, given = CLIENT }: Target,
): () => void {
  let count = 0;
  build.onEnd(({ metafile }) => {
    const isExpected = Object.keys(metafile?.inputs ?? {}).some((path) => given.test(path));
    if (count > 0 || !isExpected) return undefined;
    return { warnings: [{ text: `${name} finds nothing to change any more: no module matches ${filter}` }] };
  });
  return () => {
    count += 1;
  };
}
