import type { Caller } from './types.ts';

/** The access key id for process number `process` of a function: the account reads from it who called. */
export function accessKeyFor(functionId: string, process = 0): string {
  if (!/^[A-Za-z0-9]+$/.test(functionId)) throw new Error(`"${functionId}" is no logical id of a function.`);
  return `GROUNDCREW_${functionId}_${process}`;
}

/** The caller whom an access key id names; a key this account did not give out is `local`. */
export function callerOf(accessKey: string): Caller {
  const [, id, process] = /^GROUNDCREW_([A-Za-z0-9]+)_(\d+)$/.exec(accessKey) ?? [];
  return id === undefined ? { function: 'local', process: 0 } : { function: id, process: Number(process) };
}
