import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessKeyFor } from '../../local/account/account.ts';
import type { Call } from '../../local/account/types.ts';
import { createClock } from '../../local/clock.ts';
import { type Pack, startPack } from '../../local/pack/pack.ts';
import { openFileSystems } from '../../local/runtime/file-systems.ts';
import { createFunctions, type Functions } from '../../local/runtime/functions.ts';
import { findLink } from '../../local/scenarios/ami-approval/approvers.ts';
import { seed } from '../../local/scenarios/ami-approval/index.ts';
import type { Progress } from '../measure-ratios.ts';

const FUNCTION = 'DecideApproval';
const EMPTY = join(import.meta.dirname, '../../.groundcrew/bench/approval/empty');

/** A request that waits for approval, and the functions that answer its link. */
export interface ApprovalPage {
  /** The page, as the browser gets it through the HTTP API. */
  read(): Promise<string>;
  /** The AWS calls of one view. */
  countCalls(): Promise<readonly Call[]>;
  /** @returns milliseconds until the answer of the built function, or of an empty one in the same runtime */
  time(which: 'page' | 'empty', start: 'cold' | 'warm'): Promise<number>;
  close(): Promise<void>;
}

export async function openApprovalPage(progress: Progress): Promise<ApprovalPage> {
  const pack = await startPack({ wing: 'ami-approval', progress });
  await seed(pack);
  const link = findLink(pack, 'ann');
  const functions = { page: pack.functions, empty: emptyFunctions(pack) };
  const event = viewEvent(link);
  const answer = async (which: 'page' | 'empty'): Promise<void> => {
    const invoked = await functions[which].invoke(FUNCTION, event);
    if (!invoked.ok) throw new Error(`${which}: ${invoked.error.errorMessage}`);
  };
  return {
    read: async () => (await pack.http(link)).text(),
    countCalls: async () => {
      const before = pack.calls().length;
      await answer('page');
      return pack.calls().slice(before);
    },
    time: async (which, start) => {
      if (start === 'cold') await functions[which].replace([FUNCTION]);
      const begun = performance.now();
      await answer(which);
      return performance.now() - begun;
    },
    close: async () => {
      await functions.empty.close();
      await pack.close();
    },
  };
}

/** The same function with the same environment, whose bundle does nothing. */
function emptyFunctions({ stack, endpoint }: Pack): Functions {
  const folder = join(EMPTY, FUNCTION);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.mjs'), 'export const handler = async () => ({ statusCode: 200 });\n');
  return createFunctions({
    stack,
    dist: EMPTY,
    endpoint,
    clock: createClock(),
    fileSystems: openFileSystems({ stack }),
    accessKeyFor,
  });
}

function viewEvent(link: string): object {
  const [, , image = '', token = ''] = link.split('/');
  return {
    version: '2.0',
    routeKey: 'GET /approvals/{image}/{token}',
    rawPath: link,
    rawQueryString: '',
    headers: { accept: 'text/html' },
    requestContext: { requestId: 'bench', http: { method: 'GET', path: link, sourceIp: '127.0.0.1' } },
    pathParameters: { image, token },
    isBase64Encoded: false,
  };
}
