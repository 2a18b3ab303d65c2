import { createSign, createVerify, generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto';
import { isMapping, list, type Mapping } from '../json.ts';

/** What a JWT authorizer of an HTTP API requires. */
export interface JwtAuthorizer {
  /** The header with the token, in lower case. */
  readonly header: string;
  readonly issuer: string;
  readonly audience: readonly string[];
}

const KEY_ID = 'local';
let keys: KeyPairKeyObjectResult | undefined;

/** The keys of every issuer on this machine. API Gateway reads them from the issuer's jwks_uri. */
function keyPair(): KeyPairKeyObjectResult {
  keys ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
  return keys;
}

/** A token that an issuer on this machine would sign. Times are in seconds since 1970. */
export function issueToken(claims: Mapping, header: Mapping = {}): string {
  const parts = [{ alg: 'RS256', typ: 'JWT', kid: KEY_ID, ...header }, claims];
  const text = parts.map((one) => Buffer.from(JSON.stringify(one)).toString('base64url')).join('.');
  const signature = createSign('RSA-SHA256').update(text).sign(keyPair().privateKey, 'base64url');
  return `${text}.${signature}`;
}

/**
 * The claims of a valid token, as texts, in the way that API Gateway passes them to a function.
 *
 * @param value of the header: the token, with or without `Bearer`
 * @returns undefined if API Gateway would answer 401
 */
export function claimsOf(
  value: string | undefined,
  { issuer, audience }: Pick<JwtAuthorizer, 'issuer' | 'audience'>,
  now: number,
): Record<string, string> | undefined {
  const [header = '', payload = '', signature = ''] = (value ?? '').replace(/^Bearer /i, '').split('.');
  const { alg, kid } = decode(header);
  const isSigned = createVerify('RSA-SHA256')
    .update(`${header}.${payload}`)
    .verify(keyPair().publicKey, signature, 'base64url');
  if (!isSigned || alg !== 'RS256' || kid !== KEY_ID) return undefined;
  const claims = decode(payload);
  const seconds = now / 1000;
  const isCurrent =
    Number(claims['exp']) > seconds &&
    !(Number(claims['nbf']) > seconds) &&
    !(Number(claims['iat']) > seconds);
  const isForUs = list(claims['aud'] ?? claims['client_id']).some((one) => audience.includes(String(one)));
  if (claims['iss'] !== issuer || !isCurrent || !isForUs) return undefined;
  return Object.fromEntries(Object.entries(claims).map(([name, claim]) => [name, String(claim)]));
}

function decode(part: string): Mapping {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return isMapping(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
