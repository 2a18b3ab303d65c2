import { createHash } from 'node:crypto';

/** The SHA-256 of the text or bytes in hexadecimal digits, or its first `length` digits. */
export function sha256(content: string | Buffer, length = 64): string {
  return createHash('sha256').update(content).digest('hex').slice(0, length);
}
