import { randomUUID } from 'node:crypto';
import { isMapping, type Mapping } from '../json.ts';
import type { ApiRequest } from './request.ts';
import type { HttpResponse } from './types.ts';
import { decodeXml, encodeXml } from './xml.ts';

/** An error response of an AWS service. The SDK uses `code` as the name of the error. */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;
  /** What the response has in addition to code and message. Only in JSON. */
  readonly members: Mapping;

  constructor(code: string, message: string, status = 400, members: Mapping = {}) {
    super(message);
    this.name = 'ServiceError';
    this.code = code;
    this.status = status;
    this.members = members;
  }
}

/** A successful response in the protocol of the request. Times may be `Date` objects. */
export function encodeOutput(request: ApiRequest, output: unknown): HttpResponse {
  const { action, protocol } = request;
  const id = randomUUID();
  if (protocol === 'ec2') {
    return xmlResponse(
      200,
      id,
      `${action}Response`,
      `<requestId>${id}</requestId>${encodeXml(output, 'item')}`,
    );
  }
  if (protocol === 'query') {
    const metadata = `<ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata>`;
    const result = `<${action}Result>${encodeXml(output)}</${action}Result>`;
    return xmlResponse(200, id, `${action}Response`, result + metadata);
  }
  return jsonResponse(request, 200, id, datesAsSeconds(output ?? {}));
}

/** An error response in the protocol of the request, so that the SDK can read name and message. */
export function encodeError(request: ApiRequest, failure: ServiceError): HttpResponse {
  const { code, message, status } = failure;
  const id = randomUUID();
  const error = encodeXml({ Code: code, Message: message });
  if (request.protocol === 'ec2') {
    const body = `<Errors><Error>${error}</Error></Errors><RequestID>${id}</RequestID>`;
    return xmlResponse(status, id, 'Response', body);
  }
  if (request.protocol === 'query') {
    const type = status < 500 ? 'Sender' : 'Receiver';
    const body = `<Error><Type>${type}</Type>${error}</Error><RequestId>${id}</RequestId>`;
    return xmlResponse(status, id, 'ErrorResponse', body);
  }
  if (request.protocol === 'rest-xml')
    return xmlResponse(status, id, 'Error', `${error}<RequestId>${id}</RequestId>`);
  const response = jsonResponse(request, status, id, {
    ...failure.members,
    __type: code,
    message,
    Message: message,
  });
  return { ...response, headers: { ...response.headers, 'x-amzn-errortype': code } };
}

/** The members of a successful response. */
export function decodeOutput(request: ApiRequest, { body }: HttpResponse): Mapping {
  if (body.length === 0 || request.protocol === 'rest-xml') return {};
  if (request.protocol === 'json' || request.protocol === 'rest') {
    const value: unknown = JSON.parse(body.toString());
    return isMapping(value) ? value : {};
  }
  return decodeXmlResult(request.action, { body });
}

/** The members of a successful response in XML. Only the query protocol has them in an element of their own. */
function decodeXmlResult(action: string, { body }: Pick<HttpResponse, 'body'>): Mapping {
  const response = decodeXml(body.toString())[`${action}Response`];
  if (!isMapping(response)) return {};
  const result = response[`${action}Result`];
  return isMapping(result) ? result : response;
}

function xmlResponse(status: number, id: string, root: string, content: string): HttpResponse {
  const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': id };
  return { status, headers, body: Buffer.from(`<${root}>${content}</${root}>`) };
}

function jsonResponse(
  { headers, protocol }: ApiRequest,
  status: number,
  id: string,
  content: unknown,
): HttpResponse {
  const type = protocol === 'rest' ? 'application/json' : headers['content-type'];
  return {
    status,
    headers: { 'content-type': type ?? 'application/x-amz-json-1.1', 'x-amzn-requestid': id },
    body: Buffer.from(JSON.stringify(content)),
  };
}

/** AWS's JSON protocols encode times as seconds since 1970. */
function datesAsSeconds(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(datesAsSeconds);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, datesAsSeconds(member)]));
}
