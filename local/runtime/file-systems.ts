import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { list, mapping, optionalText } from '../json.ts';
import type { Resource, Stack } from '../stack/stack.ts';

/** What a function mounts: the path that its template names, and the folder that stands for it here. */
export interface Mount {
  readonly path: string;
  readonly folder: string;
}

/** The EFS file systems that functions mount, each a folder. */
export interface FileSystems {
  mountOf(functionId: string): Mount | undefined;
  /** Empties them. */
  reset(): void;
  close(): void;
}

export interface FileSystemOptions {
  readonly stack: Stack;
  /** Where the folders are; one that goes when the pack goes by default, for packs that run side by side. */
  readonly folder?: string | undefined;
}

let opened = 0;

/** Functions that mount one access point share a folder, and so do access points to the same root. */
export function openFileSystems({ stack, folder }: FileSystemOptions): FileSystems {
  opened += 1;
  const home = folder ?? join(tmpdir(), `groundcrew-efs-${process.pid}-${opened}`);
  const mounts = new Map(
    stack
      .ofType('AWS::Lambda::Function')
      .map((lambda) => [lambda.id, findMount(lambda, stack, home)] as const),
  );
  const folders = new Set([...mounts.values()].flatMap((mount) => mount?.folder ?? []));
  return {
    mountOf: (functionId) => mounts.get(functionId),
    reset: () => {
      for (const one of folders) rmSync(one, { recursive: true, force: true });
      for (const one of folders) rmSync(`${one}.full`, { force: true }); // see fillDisks in preload.cjs
      for (const one of folders) mkdirSync(one, { recursive: true });
    },
    close: () => {
      if (folder === undefined && folders.size > 0) rmSync(home, { recursive: true, force: true });
    },
  };
}

function findMount({ id, properties }: Resource, stack: Stack, home: string): Mount | undefined {
  const [config, ...others] = list(properties.FileSystemConfigs).map(mapping);
  if (!config) return undefined;
  if (others.length > 0) throw new Error(`${id} mounts ${others.length + 1} file systems: Lambda allows one`);
  const { Arn: arn, LocalMountPath: path } = config;
  if (typeof path !== 'string' || !/^\/mnt\/[\w.-]+$/.test(path)) {
    throw new Error(`${id} has the LocalMountPath ${path}: Lambda takes /mnt/ and one name`);
  }
  return { path, folder: join(home, nameOf(String(arn), stack)) };
}

/** `fs-1/builds` for an access point of the template, else the last part of the ARN that a parameter gave. */
function nameOf(arn: string, stack: Stack): string {
  const { FileSystemId, RootDirectory } = stack.findByArn(arn)?.properties ?? {};
  if (FileSystemId === undefined) return arn.slice(arn.lastIndexOf('/') + 1);
  return join(String(FileSystemId), optionalText(mapping(RootDirectory).Path) ?? '/').replace(/\/$/, '');
}

/** A process cannot mount: what its variables say of the path, they say of the folder instead. */
export function rewritePaths(text: string, { path, folder }: Mount): string {
  const pattern = new RegExp(`(?<![\\w./-])${path.replaceAll(/[.-]/g, '\\$&')}(?![\\w.-])`, 'g');
  return text.replaceAll(pattern, () => folder);
}
