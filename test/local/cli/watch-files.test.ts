import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { watchFiles } from '../../../local/cli/watch-files.ts';

test('notices writes, the atomic saves of editors, new folders and what is in them, deletions', {
  timeout: 600_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-watch-'));
  mkdirSync(join(folder, 'domain'));
  const file = join(folder, 'domain/rules.ts');
  writeFileSync(file, '');
  let changes = 0;
  const watching = await watchFiles([folder], () => {
    changes += 1;
  });
  const saveAtomically = (): void => {
    writeFileSync(`${file}~`, 'more');
    renameSync(`${file}~`, file);
  };

  for (const change of [
    () => writeFileSync(file, 'other'),
    saveAtomically,
    saveAtomically,
    () => mkdirSync(join(folder, 'aws')),
    () => writeFileSync(join(folder, 'aws/ec2.ts'), ''),
    () => writeFileSync(join(folder, 'aws/ec2.ts'), 'other'),
    () => rmSync(join(folder, 'aws'), { recursive: true }),
  ]) {
    const before = changes;
    change();
    await expect.poll(() => changes, { message: String(change) }).toBeGreaterThan(before);
  }

  await watching.close();
  rmSync(folder, { recursive: true });
});
