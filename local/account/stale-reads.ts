import type { AdjustableClock } from '../clock.ts';
import { isReadAction } from './read-actions.ts';
import type { ApiRequest } from './request.ts';
import type { HttpResponse } from './types.ts';

/** EC2 and Elastic Load Balancing are eventually consistent: a read right after a write may not show it yet. */
export interface StaleReads {
  /** For `ms` after each write to the service, functions get the answers from before it again. */
  delay(service: string, ms: number): void;
  /** The answer from before the latest write, if functions get that one. */
  find(request: ApiRequest): HttpResponse | undefined;
  /** Remembers an answer that the service gave. */
  record(request: ApiRequest, response: HttpResponse): void;
  clear(): void;
}

interface DelayedService {
  readonly ms: number;
  /** By action and input. */
  readonly answers: Map<string, { readonly response: HttpResponse; readonly at: number }>;
  writtenAt: number | undefined;
}

/**
 * An answer is given again only if it was read in the last `ms` before the write, so it is never older than that. Only
 * time that was skipped counts: how fast the machine is makes no difference.
 */
export function createStaleReads({ offset: skipped }: AdjustableClock): StaleReads {
  const services = new Map<string, DelayedService>();
  return {
    delay: (service, ms) => {
      services.set(service, { ms, answers: new Map(), writtenAt: undefined });
    },
    find: (request) => {
      const delayed = services.get(request.service);
      const { writtenAt } = delayed ?? {};
      if (!delayed || writtenAt === undefined || !isReadOfFunction(request)) return undefined;
      if (skipped() >= writtenAt + delayed.ms) return undefined;
      const answer = delayed.answers.get(keyOf(request));
      return answer && answer.at >= writtenAt - delayed.ms ? answer.response : undefined;
    },
    record: (request, response) => {
      const delayed = services.get(request.service);
      if (!delayed || response.status >= 300) return;
      if (!isReadAction(request.action)) delayed.writtenAt = skipped();
      else if (isReadOfFunction(request)) delayed.answers.set(keyOf(request), { response, at: skipped() });
    },
    clear: () => services.clear(),
  };
}

function isReadOfFunction({ action, caller }: ApiRequest): boolean {
  return isReadAction(action) && caller.function !== 'local';
}

function keyOf({ action, input }: ApiRequest): string {
  return `${action} ${JSON.stringify(input)}`;
}
