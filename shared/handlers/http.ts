import { InvalidInputError, isRecord, isRetryable } from '../errors.ts';
import { type HttpRequest, parseHttpRequest } from '../events/http.ts';
import type { Invocation } from '../invocation.ts';
import { type DeadlineRunner, type Handler, lambda } from './lambda.ts';
import { reportFailure, reportMalformed, reportTimeout } from './report.ts';

export interface HttpResponse {
  readonly status: number;
  readonly body?: string;
  /** Added to the door's, of which they replace those of the same name. Plain text unless content-type says. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpHandlerOptions {
  handle(request: HttpRequest, invocation: Invocation): Promise<HttpResponse>;
  /** For every answer of this wing, such as a content-security-policy that lets its own page work. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A longer body is refused with 413. 16 KiB unless told. */
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
 * Answers a request to an HTTP API: BadInput as 400 with its message, what passes as 503, and any other fault as
 * 500 with the request's id and nothing of the inside. It answers 503 also when the time runs out.
 */
export function httpHandler(wing: HttpHandlerOptions): Handler {
  return lambda(async (event, runner) => {
    const answer = await runner.runWithDeadline(
      (invocation) => respond(wing, event, runner, invocation),
      () => {
        reportTimeout('time ran out, the request is answered with 503');
        return busy(runner);
      },
    );
    return toLambda(answer, wing.headers ?? {}, isHead(event));
  });
}

async function respond(
  wing: HttpHandlerOptions,
  event: unknown,
  runner: DeadlineRunner,
  invocation: Invocation,
): Promise<HttpResponse> {
  try {
    const request = parseHttpRequest(event);
    const limit = wing.maxBodyBytes ?? 16_384;
    if (Buffer.byteLength(request.body) > limit)
      return { status: 413, body: `At most ${limit} bytes are read.\n` };
    return checked(await wing.handle(request, invocation));
  } catch (error) {
    if (error instanceof InvalidInputError) {
      reportMalformed(error.message);
      return { status: 400, body: `${error.message}\n` };
    }
    reportFailure(invocation, 'the request failed', { error });
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
  throw new TypeError('handle answered with nothing that could be sent');
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
