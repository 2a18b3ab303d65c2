import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The secret of the credentials that the tests put into the environment. */
export const SECRET = 'secret';

/** Whether the request's Signature Version 4 is what AWS itself would make of the request. */
export function isSigned({ method = '', url = '', headers }: IncomingMessage, body: Buffer): boolean {
  const given = /Credential=[^/]+\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)/;
  const [, scope = '', names = '', signature] = given.exec(headers.authorization ?? '') ?? [];
  const [path = '', query = ''] = url.split('?');
  const isS3 = scope.split('/')[2] === 's3';
  const lines = names
    .split(';')
    .map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}\n`);
  const content = isS3 ? s3Content(headers, body) : hash(body);
  const resource = isS3 ? path : path.split('/').map(escapeAgain).join('/');
  const canonical = [method, resource, sortQuery(query), lines.join(''), names, content].join('\n');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash(canonical)].join('\n');
  const key = scope.split('/').reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${SECRET}`);
  return signature === hmac(key, text).toString('hex');
}

/** S3 is told the digest of the body, or that a checksum behind the body does instead. */
function s3Content(headers: IncomingMessage['headers'], body: Buffer): string {
  const told = String(headers['x-amz-content-sha256']);
  return told === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' && headers['x-amz-trailer'] ? told : hash(body);
}

/** Services other than S3 sign the path that was escaped once more. */
function escapeAgain(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** By name, then by value; a name without a value is signed with an empty one. */
function sortQuery(query: string): string {
  const pairs = query.split('&').filter(Boolean);
  return pairs
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .map((pair) => pair.split('='))
    .sort(([a = '', x = ''], [b = '', y = '']) => (a === b ? compare(x, y) : compare(a, b)))
    .map((pair) => pair.join('='))
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function hash(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer | string, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
