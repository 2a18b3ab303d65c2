import { gunzipSync, gzipSync } from 'node:zlib';
import type { ImageBuild } from './image-build.ts';

/** What a build is made of, small enough to be kept with its request. */
export interface BuildFacts {
  readonly recipe?: string;
  readonly parentImage?: string;
  /** ARNs of component versions. */
  readonly components: readonly string[];
  /** Packages with their versions, compressed. Undefined if they are unknown or too many. */
  readonly packages?: string;
}

/** A package of the operating system, as Image Builder lists it. */
export interface Package {
  readonly name: string;
  readonly version: string;
}

/** Base64 characters. A record of DynamoDB has at most 400 KB, and each vote writes it again. */
const MAX_PACKED_LENGTH = 60_000;
const MAX_CHANGES = 40;
const MAX_LINE_LENGTH = 200;

export function factsOf(
  { recipe, parentImage, components = [] }: ImageBuild,
  packages: readonly Package[] | undefined,
): BuildFacts {
  const packed = packages && packages.length > 0 ? pack(packages) : undefined;
  return {
    ...(recipe !== undefined && { recipe }),
    ...(parentImage !== undefined && { parentImage }),
    components: components.slice(0, 100),
    ...(packed !== undefined && packed.length <= MAX_PACKED_LENGTH && { packages: packed }),
  };
}

function pack(packages: readonly Package[]): string {
  return gzipSync(packages.map(({ name, version }) => `${name} ${version}`).join('\n')).toString('base64');
}

/** A name contains no space on Linux; on Windows the last word is the version. */
function unpack(packed: string): Versions {
  const lines = gunzipSync(Buffer.from(packed, 'base64')).toString().split('\n');
  return groupVersions(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), line.slice(at + 1)] as const;
    }),
  );
}

/** Versions by name. Several versions of a kernel can be installed. */
type Versions = ReadonlyMap<string, string>;

function groupVersions(pairs: readonly (readonly [string, string])[]): Versions {
  const groups = Map.groupBy(pairs, ([name]) => name);
  return new Map(
    [...groups].map(([name, some]) => [
      name,
      some
        .map(([, version]) => version)
        .sort()
        .join(' and '),
    ]),
  );
}

/** What changed between two builds, one sentence part per line, at most 41 lines. */
export function describeChanges(before: BuildFacts, after: BuildFacts): string[] {
  const changes = [
    ...changeOf('Recipe', before.recipe, after.recipe),
    ...changeOf('Parent image', shorten(before.parentImage), shorten(after.parentImage)),
    ...changesBetween('Component', componentsOf(before), componentsOf(after)),
    ...packageChanges(before.packages, after.packages),
  ];
  const lines =
    changes.length === 0
      ? ['Nothing that is known: neither recipe, parent image, components nor packages']
      : changes;
  const shown = [...lines.slice(0, MAX_CHANGES), ...openVersions(after)].map((line) =>
    line.slice(0, MAX_LINE_LENGTH),
  );
  const rest = lines.length - MAX_CHANGES;
  return rest > 0 ? [...shown, `and ${rest} more`] : shown;
}

function changeOf(what: string, before = 'none', after = 'none'): string[] {
  return before === after ? [] : [`${what}: ${after}, was ${before}`];
}

/** `amazon-linux-2023-x86/2026.11.1` for an image of Image Builder; the text itself for an AMI id or a parameter. */
function shorten(image: string | undefined): string | undefined {
  return image?.replace(/^arn:[^/]*:image\//, '');
}

function componentsOf({ components }: BuildFacts): Versions {
  return groupVersions(
    components.map((arn) => {
      const [, name = arn, ...version] = arn.split('/');
      return [name, version.join('/')] as const;
    }),
  );
}

function changesBetween(what: string, before: Versions, after: Versions): string[] {
  const changed = [...after].flatMap(([name, version]) => {
    const old = before.get(name);
    if (old === undefined) return [`${what} added: ${name} ${version}`];
    return old === version ? [] : [`${what} ${name}: ${version}, was ${old}`];
  });
  const removed = [...before].filter(([name]) => !after.has(name));
  return [...changed, ...removed.map(([name, version]) => `${what} removed: ${name} ${version}`)];
}

function packageChanges(before: string | undefined, after: string | undefined): string[] {
  if (after === undefined) return ['Packages: not known for this build'];
  if (before === undefined) return ['Packages: not known for the approved build'];
  return changesBetween('Package', unpack(before), unpack(after));
}

/** A version with an x stands for the newest one at the time of a build, so an equal text can mean another version. */
function openVersions({ parentImage, components }: BuildFacts): string[] {
  const open = [parentImage ?? '', ...components].filter((arn) => /\/[\d.]*x(\.|\/|$)/.test(arn));
  if (open.length === 0) return [];
  return [
    `Not compared, because x means the newest version: ${open.map((arn) => arn.split('/').slice(1).join('/')).join(', ')}`,
  ];
}
