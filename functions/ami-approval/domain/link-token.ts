import { randomBytes, timingSafeEqual } from 'node:crypto';
import { sha256 } from '#shared/hash.ts';

/** What only a mail carries, and what the table keeps of it. */
export interface Token {
  readonly token: string;
  readonly hash: string;
}

/** 32 random bytes: nobody guesses one, so a plain hash keeps it. */
export function newToken(): Token {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: hashToken(token) };
}

export function hashToken(token: string): string {
  return sha256(token);
}

/** In the same time whatever they are. */
export function isSameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')];
  return left.length === 32 && left.length === right.length && timingSafeEqual(left, right);
}

export function isToken(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}
