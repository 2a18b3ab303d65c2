import { describe, expect, it } from 'vitest';
import {
  createToken,
  hashToken,
  isSameHash,
  isToken,
} from '../../../../functions/ami-approval/domain/link-token.ts';

describe('a token', () => {
  it('is 32 random bytes, and its hash does not contain it', () => {
    const tokens = Array.from({ length: 100 }, createToken);
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(100);
    for (const { token, hash } of tokens) {
      expect(isToken(token) && Buffer.from(token, 'base64url').length === 32).toBe(true);
      expect(hash).toBe(hashToken(token));
      expect(hash).not.toContain(token);
    }
  });

  it('is compared in full', () => {
    const { hash } = createToken();
    expect(isSameHash(hash, hash)).toBe(true);
    for (const other of ['', hash.slice(2), `${hash}00`, createToken().hash, 'zz'])
      expect(isSameHash(hash, other)).toBe(false);
    expect(isSameHash('', '')).toBe(false);
  });
});
