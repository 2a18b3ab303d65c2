import type { Artifact } from '../../../functions/build-promotion/domain/artifact.ts';

export const HASH = 'a'.repeat(64);

export const stamped: Artifact = {
  v: 1,
  buildId: 'b-1',
  manifestSha256: HASH,
  files: 1,
  bytes: 1,
  createdAt: '2026-11-21T10:00:00Z',
};
