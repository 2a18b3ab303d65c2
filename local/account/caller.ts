import type { Caller } from './types.ts';

/** Who only looks at the account, for the page. Its calls are not recorded. */
export const observer = 'observer';

/** The access key id for process number `process` of a function. It tells the account who calls. */
export function accessKeyFor(functionId: string, process = 0): string {
  if (!/^[A-Za-z0-9]+$/.test(functionId))
    throw new Error(`"${functionId}" is not a logical id of a function: use letters and digits only.`);
  return `GROUNDCREW_${functionId}_${process}`;
}

/** The authorization header of a signed request, as far as the account reads it: it does not check the signature. */
export function authorizationFor(accessKeyId: string, signedRegion: string, service: string): string {
  const credential = `${accessKeyId}/20260101/${signedRegion}/${service}/aws4_request`;
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=local`;
}

/**
 * The access key id of a role in `account` that the caller assumed. It contains the caller, because a warm function keeps
 * credentials longer than the account keeps its state.
 */
export function assumedRoleKeyFor(caller: Caller, account: string): string {
  return `${accessKeyFor(caller.function, caller.process)}_${account}`;
}

/** Finds the caller that holds an access key which does not contain one. */
export type FindCaller = (accessKey: string) => Caller | undefined;

/** The caller that an access key id contains. For other keys: the caller that holds the key, or `local`. */
export function callerOf(accessKey: string, findCaller: FindCaller = () => undefined): Caller {
  const [, id, process, account] = /^GROUNDCREW_([A-Za-z0-9]+)_(\d+)(?:_(\d{12}))?$/.exec(accessKey) ?? [];
  if (id === undefined) return findCaller(accessKey) ?? { function: 'local', process: 0 };
  return { function: id, process: Number(process), ...(account !== undefined && { account }) };
}
