import type { Caller } from './types.ts';

/** The access key id for process number `process` of a function: the account reads from it who called. */
export function accessKeyFor(functionId: string, process = 0): string {
  if (!/^[A-Za-z0-9]+$/.test(functionId)) throw new Error(`"${functionId}" is no logical id of a function.`);
  return `GROUNDCREW_${functionId}_${process}`;
}

/**
 * The access key id of a role in `account` that the caller assumed. It says by itself who calls: a warm function keeps
 * the credentials longer than the account its memory.
 */
export function assumedKeyFor(caller: Caller, account: string): string {
  return `${accessKeyFor(caller.function, caller.process)}_${account}`;
}

/** Who works with a key that names nobody. */
export type HolderOf = (accessKey: string) => Caller | undefined;

/** The caller whom an access key id names; for any other key whoever holds it, or `local`. */
export function callerOf(accessKey: string, holderOf: HolderOf = () => undefined): Caller {
  const [, id, process, account] = /^GROUNDCREW_([A-Za-z0-9]+)_(\d+)(?:_(\d{12}))?$/.exec(accessKey) ?? [];
  if (id === undefined) return holderOf(accessKey) ?? { function: 'local', process: 0 };
  return { function: id, process: Number(process), ...(account !== undefined && { account }) };
}
