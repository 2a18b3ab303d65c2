import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Pack } from '../pack/pack.ts';
import type { Wing } from '../scenario-kit/discover.ts';
import { folder } from './bring-up.ts';

/** Creates each wing's sample resources. Returns lines that say what to do with them. */
export async function seedAll(pack: Pack, wings: readonly Wing[]): Promise<readonly string[]> {
  const events = join(folder, 'events');
  const { port } = new URL(pack.url);
  const onPort = port === '3000' ? '' : ` --port ${port}`;
  await mkdir(events, { recursive: true });
  const saveEvent = async (name: string, event: object): Promise<string> => {
    const file = join(events, `${name}.json`);
    await writeFile(file, `${JSON.stringify(event, null, 2)}\n`);
    return `npm run send -- --now${onPort} ${relative(process.cwd(), file)}`;
  };
  const lines: string[] = [];
  for (const { seed } of wings) lines.push(...((await seed?.(pack, { saveEvent })) ?? []));
  return lines;
}
