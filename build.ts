import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { build as bundle, type Metafile, type OutputFile, type Plugin } from 'esbuild';
import { type Declared, readDeclared } from './build/declared.ts';
import { forgetBuild, isFresh, listOwnSources, recordBuild } from './build/freshness.ts';
import { slimming } from './build/slim.ts';

/** A function and its bundle. `file` is absolute; `inputs` maps source files to the bytes they take in it. */
export interface BuiltFunction extends Declared {
  readonly file: string;
  readonly bytes: number;
  readonly inputs: Readonly<Record<string, number>>;
}

export interface BuildResult {
  readonly functions: readonly BuiltFunction[];
  /** What the slimming does not know any more, by name; esbuild has printed it. */
  readonly warnings: readonly string[];
}

export interface BuildOptions {
  /** The folder of the project, with functions/ and template.yaml; this one by default. */
  readonly root?: string;
  /** Where the bundles go; `dist` in the root by default. */
  readonly outdir?: string;
  /** Leaves names and lines as they are and adds source maps, for a debugger. */
  readonly debuggable?: boolean;
  /** The slimming by default; none leaves the SDK as it comes, to be measured against. */
  readonly plugins?: readonly Plugin[];
}

/** Bundles every function that the templates declare into `<outdir>/<LogicalId>/index.mjs`. */
export async function build(options: BuildOptions = {}): Promise<BuildResult> {
  const root = resolve(options.root ?? import.meta.dirname);
  const outdir = resolve(root, options.outdir ?? 'dist');
  const declared = readDeclared(root);
  const startedAt = Date.now();
  clearStale(outdir, declared);
  if (declared.length === 0) return { functions: [], warnings: [] };
  const { metafile, outputFiles, warnings } = await bundle({
    absWorkingDir: root,
    entryPoints: declared.map(({ id, entry }) => ({ in: entry, out: `${id}/index` })),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: !options.debuggable,
    sourcemap: options.debuggable ? 'linked' : false,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    write: false,
    plugins: [...(options.plugins ?? slimming)],
  });
  for (const file of outputFiles) writeChanged(file);
  if (options.plugins) forgetBuild(outdir);
  else {
    const bundles = outputFiles.map(({ path }) => relative(root, path));
    recordBuild({ root, outdir, startedAt, sources: listSources(root, metafile), bundles });
  }
  const sizes = new Map(outputFiles.map(({ path, contents }) => [path, contents.length]));
  return {
    functions: declared.map((one) => {
      const file = join(outdir, one.id, 'index.mjs');
      return { ...describe(one, root, file, metafile), bytes: sizes.get(file) ?? 0 };
    }),
    warnings: warnings.map(({ pluginName, text }) => `${pluginName}: ${text}`),
  };
}

/** Builds if a source, a template, the build itself or a bundle changed since the last build; undefined if none did. */
export async function buildIfStale(options: BuildOptions = {}): Promise<BuildResult | undefined> {
  const root = resolve(options.root ?? import.meta.dirname);
  return isFresh(root, resolve(root, options.outdir ?? 'dist')) ? undefined : build(options);
}

/** What decides what the bundles are, relative to the root. */
function listSources(root: string, { inputs }: Metafile): readonly string[] {
  const scripts = globSync(['build.ts', 'build/*.ts'], { cwd: import.meta.dirname });
  const settings = ['package.json', 'package-lock.json', 'tsconfig.json'];
  return [
    // A module that a plugin makes has a name of its own, and no file.
    ...[...Object.keys(inputs), ...settings].filter((path) => existsSync(join(root, path))),
    ...listOwnSources(root),
    ...scripts.map((path) => relative(root, join(import.meta.dirname, path))),
  ];
}

/** Removes the bundles of functions no longer declared, and nothing that a build did not put there. */
function clearStale(outdir: string, declared: readonly Declared[]): void {
  if (!existsSync(outdir)) return;
  const ids = new Set(declared.map(({ id }) => id));
  for (const entry of readdirSync(outdir, { withFileTypes: true })) {
    if (!entry.isDirectory() || ids.has(entry.name)) continue;
    const folder = join(outdir, entry.name);
    if (readdirSync(folder).every((name) => /^index\.mjs(\.map)?$/.test(name)))
      rmSync(folder, { recursive: true });
  }
}

/** Leaves an unchanged bundle alone and swaps a changed one in whole: a process may be starting from it. */
function writeChanged({ path, contents }: OutputFile): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, contents);
  renameSync(draft, path);
}

function describe(declared: Declared, root: string, file: string, metafile: Metafile): BuiltFunction {
  const output = metafile.outputs[relative(root, file).replaceAll(sep, '/')];
  if (!output) throw new Error(`esbuild made no bundle for ${declared.id} from ${declared.entry}`);
  const inputs = Object.entries(output.inputs).map(([path, { bytesInOutput }]) => [path, bytesInOutput]);
  return { ...declared, file, bytes: output.bytes, inputs: Object.fromEntries(inputs) };
}
