import { observer } from './caller.ts';
import type { ApiRequest } from './request.ts';
import { encodeError, ServiceError } from './response.ts';
import type { Caller, HttpResponse } from './types.ts';

export type FaultKind =
  /** The call, and every later call of its action in that invocation, is throttled. */
  | 'throttled'
  /** The same with an internal error of the service. */
  | 'failed'
  /** The call is applied, but its connection breaks before the response. */
  | 'lost'
  /** The call is not applied, and its connection stays open without a response. */
  | 'stalled'
  /** The call is applied, then its process dies. */
  | 'killed'
  /** Before the call continues, a duplicate of the delivery runs to its end in another process. */
  | 'duplicated';

/** `call` counts the calls of the function from 1, starting when the fault is injected. */
export interface Fault {
  readonly function: string;
  readonly call: number;
  readonly kind: FaultKind;
  /** Only these calls are counted and hit. */
  readonly matches?: (call: Pick<ApiRequest, 'service' | 'action'>) => boolean;
}

export interface Faults {
  inject(fault: Fault): void;
  /** Throttles the next `calls` calls of this action that functions make, as if somebody else used up the quota. */
  throttle(service: string, action: string, calls: number): void;
  /** Leaves the next `calls` calls of this action that functions make without a response, as an overloaded service does. */
  stall(service: string, action: string, calls: number): void;
  clear(): void;
  beginInvocation(caller: Caller): void;
  /** Counts the call. Returns the fault that applies to it. */
  nextFault(request: ApiRequest): FaultKind | undefined;
  /** Runs a duplicate delivery. Until it ends, calls of other processes of the function are not counted. */
  runDuplicate(caller: Caller, duplicate: () => Promise<void>): Promise<void>;
}

interface ActiveFault {
  readonly fault: Fault;
  callCount: number;
  /** The call that the fault applied to. Later calls of the same action are refused too. */
  hitCall?: { readonly process: number; readonly service: string; readonly action: string };
  isDone: boolean;
}

export function createFaults(): Faults {
  let faults: ActiveFault[] = [];
  let actionFaults = new Map<string, ActionFault>();
  const duplicating = new Map<string, number>();
  return {
    inject: (fault) => {
      faults.push({ fault: validateFault(fault), callCount: 0, isDone: false });
    },
    throttle: (service, action, calls) => {
      actionFaults.set(`${service}:${action}`, { kind: 'throttled', calls });
    },
    stall: (service, action, calls) => {
      actionFaults.set(`${service}:${action}`, { kind: 'stalled', calls });
    },
    clear: () => {
      faults = [];
      actionFaults = new Map();
    },
    beginInvocation: (caller) => {
      for (const one of faults) {
        if (one.fault.function === caller.function && one.hitCall?.process === caller.process)
          one.isDone = true;
      }
    },
    nextFault: (request) => {
      const { caller } = request;
      const duplicated = duplicating.get(caller.function);
      if (duplicated !== undefined && duplicated !== caller.process) return undefined;
      const ofAction = consume(actionFaults, request);
      if (ofAction) return ofAction;
      const mine = faults.filter(({ fault, isDone }) => fault.function === caller.function && !isDone);
      return mine.map((one) => matchCall(one, request)).find((kind) => kind !== undefined);
    },
    runDuplicate: async (caller, duplicate) => {
      duplicating.set(caller.function, caller.process);
      try {
        await duplicate();
      } finally {
        duplicating.delete(caller.function);
      }
    },
  };
}

/** What happens to the next calls of an action, whichever function makes them. */
interface ActionFault {
  readonly kind: FaultKind;
  readonly calls: number;
}

function consume(actionFaults: Map<string, ActionFault>, request: ApiRequest): FaultKind | undefined {
  const { action, caller, service } = request;
  const { calls = 0, kind } = actionFaults.get(`${service}:${action}`) ?? {};
  if (kind === undefined || calls === 0 || caller.function === 'local' || caller.function === observer)
    return undefined;
  actionFaults.set(`${service}:${action}`, { kind, calls: calls - 1 });
  return kind;
}

function validateFault(fault: Fault): Fault {
  if (!Number.isInteger(fault.call) || fault.call < 1) {
    throw new Error(`fault.call: expected a call counted from 1, got ${fault.call}`);
  }
  return fault;
}

function matchCall(one: ActiveFault, request: ApiRequest): FaultKind | undefined {
  const { caller, service, action } = request;
  const { kind, call, matches } = one.fault;
  if (one.hitCall) {
    const { process, service: sameService, action: sameAction } = one.hitCall;
    return process === caller.process && sameService === service && sameAction === action ? kind : undefined;
  }
  if (matches?.(request) === false) return undefined;
  one.callCount += 1;
  if (one.callCount !== call) return undefined;
  if (kind === 'throttled' || kind === 'failed') one.hitCall = { process: caller.process, service, action };
  else one.isDone = true;
  return kind;
}

/** The throttling response of the request's service: status, error code and format differ by service. */
export function throttlingResponse(request: ApiRequest): HttpResponse {
  const { service, protocol } = request;
  if (protocol === 'ec2') {
    return encodeError(request, new ServiceError('RequestLimitExceeded', 'Request limit exceeded.', 503));
  }
  if (protocol === 'query') return encodeError(request, new ServiceError('Throttling', 'Rate exceeded'));
  if (protocol === 'rest-xml')
    return encodeError(request, new ServiceError('SlowDown', 'Please reduce your request rate.', 503));
  if (protocol === 'rest')
    return encodeError(request, new ServiceError('TooManyRequestsException', 'Rate exceeded', 429));
  const code = jsonThrottlingCodes[service] ?? 'ThrottlingException';
  return encodeError(request, new ServiceError(code, 'Rate exceeded'));
}

const jsonThrottlingCodes: Readonly<Record<string, string>> = {
  dynamodb: 'ThrottlingException',
  sqs: 'RequestThrottled',
};

/** The response of a service that has an internal error. */
export function internalErrorResponse(request: ApiRequest): HttpResponse {
  const isNamedError = request.protocol === 'ec2' || request.protocol === 'rest-xml';
  const code = isNamedError ? 'InternalError' : 'InternalFailure';
  return encodeError(request, new ServiceError(code, 'An internal error has occurred', 500));
}
