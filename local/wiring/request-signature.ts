import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

// AWS Signature Version 4, from the side of the service.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

/** The secret of every access key on this machine. */
const SECRET = 'local';

const authorizationShape =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** @returns the access key if the request is signed correctly for Lambda in this Region */
export function verifySignature(
  { headers, method = '', url = '/' }: IncomingMessage,
  body: Buffer,
  region: string,
): string | undefined {
  const match = authorizationShape.exec(headers.authorization ?? '');
  if (!match) return undefined;
  const [, accessKey, date = '', signedRegion = '', service = '', names = '', signature = ''] = match;
  const amzDate = String(headers['x-amz-date'] ?? '');
  const signed = names.split(';');
  if (signedRegion !== region || service !== 'lambda' || !amzDate.startsWith(date)) return undefined;
  if (!signed.includes('host')) return undefined;
  const canonical = [
    method,
    ...canonicalAddress(url),
    ...signed.map((name) => `${name}:${[headers[name]].flat().join(',').trim().replaceAll(/ +/g, ' ')}`),
    '',
    names,
    sha256(body),
  ].join('\n');
  const scope = `${date}/${region}/lambda/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', amzDate, scope, sha256(canonical)].join('\n');
  const expected = hmac(signingKey([date, region, 'lambda']), text);
  return timingSafeEqual(expected, Buffer.from(signature, 'hex')) ? accessKey : undefined;
}

/** The path with each part encoded once more, and the query in the order of its names. */
function canonicalAddress(url: string): readonly [string, string] {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const path = pathname.split('/').map(encode).join('/');
  const pairs = [...searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`);
  return [path, pairs.sort().join('&')];
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function signingKey(parts: readonly string[]): Buffer {
  return [...parts, 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${SECRET}`));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}
