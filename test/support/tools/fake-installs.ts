import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach } from 'vitest';

/** A folder in which programs can be as if somebody had installed them. Empty before each test. */
export function fakeInstalls() {
  const home = mkdtempSync(join(tmpdir(), 'groundcrew-installs-'));
  const empty = (): void => rmSync(home, { recursive: true, force: true });
  beforeEach(empty);
  afterAll(empty);
  const at = (path: string): string => join(home, path);
  return {
    at,
    install: (path: string, mode = 0o755): void => {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), '', { mode });
    },
  };
}
