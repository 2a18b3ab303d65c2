import { randomUUID } from 'node:crypto';
import { isMapping, type Mapping } from '../json.ts';
import type { ApiRequest } from './request.ts';
import type { Answer } from './types.ts';
import { decodeXml, encodeXml } from './xml.ts';

/** An error as an AWS service answers it; `code` is what the SDK makes the error's name. */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'ServiceError';
    this.code = code;
    this.status = status;
  }
}

/** A successful answer in the protocol the request came in. Dates may be given as `Date`. */
export function encodeOutput(request: ApiRequest, output: unknown): Answer {
  const { action, protocol } = request;
  const id = randomUUID();
  if (protocol === 'ec2') {
    return xmlAnswer(
      200,
      id,
      `${action}Response`,
      `<requestId>${id}</requestId>${encodeXml(output, 'item')}`,
    );
  }
  if (protocol === 'query') {
    const metadata = `<ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata>`;
    const result = `<${action}Result>${encodeXml(output)}</${action}Result>`;
    return xmlAnswer(200, id, `${action}Response`, result + metadata);
  }
  return jsonAnswer(request, 200, id, datesAsSeconds(output ?? {}));
}

/** An error in the protocol the request came in, so that the SDK reads its name and its message. */
export function encodeError(request: ApiRequest, { code, message, status }: ServiceError): Answer {
  const id = randomUUID();
  const error = encodeXml({ Code: code, Message: message });
  if (request.protocol === 'ec2') {
    const body = `<Errors><Error>${error}</Error></Errors><RequestID>${id}</RequestID>`;
    return xmlAnswer(status, id, 'Response', body);
  }
  if (request.protocol === 'query') {
    const type = status < 500 ? 'Sender' : 'Receiver';
    const body = `<Error><Type>${type}</Type>${error}</Error><RequestId>${id}</RequestId>`;
    return xmlAnswer(status, id, 'ErrorResponse', body);
  }
  if (request.protocol === 'rest-xml')
    return xmlAnswer(status, id, 'Error', `${error}<RequestId>${id}</RequestId>`);
  const answer = jsonAnswer(request, status, id, { __type: code, message, Message: message });
  return { ...answer, headers: { ...answer.headers, 'x-amzn-errortype': code } };
}

/** The members of a successful answer. */
export function decodeOutput(request: ApiRequest, { body }: Answer): Mapping {
  if (body.length === 0 || request.protocol === 'rest-xml') return {};
  if (request.protocol === 'json' || request.protocol === 'rest') {
    const value: unknown = JSON.parse(body.toString());
    return isMapping(value) ? value : {};
  }
  const response = decodeXml(body.toString())[`${request.action}Response`];
  if (!isMapping(response)) return {};
  const result = response[`${request.action}Result`];
  return request.protocol === 'query' && isMapping(result) ? result : response;
}

function xmlAnswer(status: number, id: string, root: string, content: string): Answer {
  const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': id };
  return { status, headers, body: Buffer.from(`<${root}>${content}</${root}>`) };
}

function jsonAnswer({ headers, protocol }: ApiRequest, status: number, id: string, content: unknown): Answer {
  const type = protocol === 'rest' ? 'application/json' : headers['content-type'];
  return {
    status,
    headers: { 'content-type': type ?? 'application/x-amz-json-1.1', 'x-amzn-requestid': id },
    body: Buffer.from(JSON.stringify(content)),
  };
}

/** AWS's JSON protocols write times as seconds of the epoch. */
function datesAsSeconds(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(datesAsSeconds);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, datesAsSeconds(member)]));
}
