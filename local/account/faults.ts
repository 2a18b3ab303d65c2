import type { ApiRequest } from './request.ts';
import { encodeError, ServiceError } from './response.ts';
import type { Answer, Caller } from './types.ts';

/**
 * throttled and failing: call k, and every later call of its action in that invocation, is refused.
 * lost: call k is applied and its answer never arrives. killed: call k is applied, then its process dies.
 * overtaken: before call k goes on, a duplicate of the delivery runs to its end in another process.
 */
export type FaultKind = 'throttled' | 'failing' | 'lost' | 'killed' | 'overtaken';

/** `call` counts the function's calls from 1, beginning when the fault is injected. */
export interface Fault {
  readonly function: string;
  readonly call: number;
  readonly kind: FaultKind;
}

export interface Faults {
  inject(fault: Fault): void;
  /** Throttles the next so many calls that functions make of an action, as when somebody else uses up its quota. */
  throttle(service: string, action: string, calls: number): void;
  clear(): void;
  beginInvocation(caller: Caller): void;
  /** Counts a call, and says what befalls it. */
  strike(request: ApiRequest): FaultKind | undefined;
  /** Runs a duplicate delivery: until it ends, other processes of the function neither count nor suffer. */
  overtake(caller: Caller, duplicate: () => Promise<void>): Promise<void>;
}

interface Armed {
  readonly fault: Fault;
  seen: number;
  /** The call it struck, while later ones of its kind are to be refused too. */
  struck?: { readonly process: number; readonly service: string; readonly action: string };
  spent: boolean;
}

export function createFaults(): Faults {
  let armed: Armed[] = [];
  let quota = new Map<string, number>();
  const overtaken = new Map<string, number>();
  return {
    inject: (fault) => {
      armed.push({ fault: checked(fault), seen: 0, spent: false });
    },
    throttle: (service, action, calls) => {
      quota.set(`${service}:${action}`, calls);
    },
    clear: () => {
      armed = [];
      quota = new Map();
    },
    beginInvocation: (caller) => {
      for (const one of armed) {
        if (one.fault.function === caller.function && one.struck?.process === caller.process)
          one.spent = true;
      }
    },
    strike: (request) => {
      const { caller } = request;
      const spared = overtaken.get(caller.function);
      if (spared !== undefined && spared !== caller.process) return undefined;
      if (isRefused(quota, request)) return 'throttled';
      const mine = armed.filter(({ fault, spent }) => fault.function === caller.function && !spent);
      return mine.map((one) => strikeOne(one, request)).find((kind) => kind !== undefined);
    },
    overtake: async (caller, duplicate) => {
      overtaken.set(caller.function, caller.process);
      try {
        await duplicate();
      } finally {
        overtaken.delete(caller.function);
      }
    },
  };
}

function isRefused(quota: Map<string, number>, { caller, service, action }: ApiRequest): boolean {
  const left = quota.get(`${service}:${action}`) ?? 0;
  if (left === 0 || caller.function === 'local') return false;
  quota.set(`${service}:${action}`, left - 1);
  return true;
}

function checked(fault: Fault): Fault {
  if (!Number.isInteger(fault.call) || fault.call < 1) {
    throw new Error(`A fault strikes a call counted from 1, not ${fault.call}.`);
  }
  return fault;
}

function strikeOne(one: Armed, { caller, service, action }: ApiRequest): FaultKind | undefined {
  const { kind, call } = one.fault;
  if (one.struck) {
    const { process, service: sameService, action: sameAction } = one.struck;
    return process === caller.process && sameService === service && sameAction === action ? kind : undefined;
  }
  one.seen += 1;
  if (one.seen !== call) return undefined;
  if (kind === 'throttled' || kind === 'failing') one.struck = { process: caller.process, service, action };
  else one.spent = true;
  return kind;
}

/** The throttling answer of the request's own service: status, code and shape differ. */
export function throttle(request: ApiRequest): Answer {
  const { service, protocol } = request;
  if (protocol === 'ec2') {
    return encodeError(request, new ServiceError('RequestLimitExceeded', 'Request limit exceeded.', 503));
  }
  if (protocol === 'query') return encodeError(request, new ServiceError('Throttling', 'Rate exceeded'));
  if (protocol === 'rest-xml')
    return encodeError(request, new ServiceError('SlowDown', 'Please reduce your request rate.', 503));
  if (protocol === 'rest')
    return encodeError(request, new ServiceError('TooManyRequestsException', 'Rate exceeded', 429));
  const code = jsonThrottles[service] ?? 'ThrottlingException';
  return encodeError(request, new ServiceError(code, 'Rate exceeded'));
}

const jsonThrottles: Readonly<Record<string, string>> = {
  dynamodb: 'ThrottlingException',
  sqs: 'RequestThrottled',
};

/** An answer of a service that failed inside. */
export function breakDown(request: ApiRequest): Answer {
  const isNamedError = request.protocol === 'ec2' || request.protocol === 'rest-xml';
  const code = isNamedError ? 'InternalError' : 'InternalFailure';
  return encodeError(request, new ServiceError(code, 'An internal error has occurred', 500));
}
