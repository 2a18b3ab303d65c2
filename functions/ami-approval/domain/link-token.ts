import { randomBytes, timingSafeEqual } from 'node:crypto';
import { sha256 } from '#shared/hash.ts';

/** A secret that only one mail carries, and the hash that the table stores. */
export interface LinkToken {
  readonly token: string;
  readonly hash: string;
}

/** 32 random bytes cannot be guessed, so a plain hash is enough to store them. */
export function createToken(): LinkToken {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: hashToken(token) };
}

export function hashToken(token: string): string {
  return sha256(token);
}

/** Compares in constant time. */
export function isSameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')];
  return left.length === 32 && left.length === right.length && timingSafeEqual(left, right);
}

export function isToken(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}
