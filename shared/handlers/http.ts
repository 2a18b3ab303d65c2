import { InvalidInputError, isRecord, isRetryable } from '../errors.ts';
import { type HttpRequest, parseHttpRequest } from '../events/http.ts';
import type { Invocation } from '../invocation.ts';
import { type DeadlineRunner, type Handler, lambda } from './lambda.ts';
import { reportFailure, reportMalformed, reportTimeout } from './report.ts';

export interface HttpResponse {
  readonly status: number;
  readonly body?: string;
  /** Added to the default headers, and replaces those of the same name. Plain text unless content-type says otherwise. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpHandlerOptions {
  handle(request: HttpRequest, invocation: Invocation): Promise<HttpResponse>;
  /** For every response of the function, such as a content-security-policy that its own page needs. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A longer body is refused with 413. Default: 16 KiB. */
  readonly maxBodyBytes?: number;
}

interface LambdaAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const defaultHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'content-type': 'text/plain; charset=utf-8',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=63072000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex',
};

/**
 * Handles a request to an HTTP API. An InvalidInputError is answered with 400 and its message, a retryable error or a
 * timeout with 503, any other error with 500 and the request id alone.
 */
export function httpHandler(options: HttpHandlerOptions): Handler {
  return lambda(async (event, runner) => {
    const answer = await runner.runWithDeadline(
      (invocation) => respond(options, event, runner, invocation),
      () => {
        reportTimeout('request timed out, answered with 503');
        return busy(runner);
      },
    );
    return toLambda(answer, options.headers ?? {}, isHead(event));
  });
}

async function respond(
  options: HttpHandlerOptions,
  event: unknown,
  runner: DeadlineRunner,
  invocation: Invocation,
): Promise<HttpResponse> {
  try {
    const request = parseHttpRequest(event);
    const limit = options.maxBodyBytes ?? 16_384;
    if (Buffer.byteLength(request.body) > limit)
      return { status: 413, body: `At most ${limit} bytes are read.\n` };
    return checked(await options.handle(request, invocation));
  } catch (error) {
    if (error instanceof InvalidInputError) {
      reportMalformed(error.message);
      return { status: 400, body: `${error.message}\n` };
    }
    reportFailure(invocation, 'request failed', { error });
    return isRetryable(error) ? busy(runner) : broken(runner);
  }
}

function busy({ requestId }: DeadlineRunner): HttpResponse {
  const body = `This is taking too long or something it needs is busy. Try again in a moment. Request ${requestId}\n`;
  return { status: 503, body, headers: { 'retry-after': '5' } };
}

function broken({ requestId }: DeadlineRunner): HttpResponse {
  return { status: 500, body: `Something went wrong on our side. Request ${requestId}\n` };
}

function checked(answer: HttpResponse): HttpResponse {
  const valid =
    isRecord(answer) && Number.isInteger(answer.status) && answer.status >= 200 && answer.status <= 599;
  if (valid && (answer.body === undefined || typeof answer.body === 'string')) return answer;
  throw new TypeError('handle returned no valid response');
}

function toLambda(
  answer: HttpResponse,
  wingHeaders: Readonly<Record<string, string>>,
  head: boolean,
): LambdaAnswer {
  const headers: Record<string, string> = {};
  for (const [name, text] of [defaultHeaders, wingHeaders, answer.headers ?? {}].flatMap(Object.entries)) {
    headers[name.toLowerCase()] = String(text).replace(/[\r\n]+/g, ' '); // a line break would begin another header
  }
  return { statusCode: answer.status, headers, body: head ? '' : (answer.body ?? '') };
}

function isHead(event: unknown): boolean {
  const context = isRecord(event) ? event.requestContext : undefined;
  const http = isRecord(context) ? context.http : undefined;
  return isRecord(http) && String(http.method).toUpperCase() === 'HEAD';
}
