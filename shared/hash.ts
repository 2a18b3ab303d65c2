import { createHash } from 'node:crypto';

/** The SHA-256 of the text in hexadecimal digits, or its first `length` digits. */
export function sha256(text: string, length = 64): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
