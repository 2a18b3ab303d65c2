import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { runGroup } from './fleet.ts';
import type { World } from './scenario.ts';

/** Starts a small Auto Scaling group and writes the warning that interrupts one of it. Returns the file's path. */
export async function seedFleet(world: World, folder: string): Promise<string> {
  const [instanceId] = await runGroup(world, {
    name: 'workers',
    size: 3,
    tags: { 'groundcrew:managed': 'true' },
  });
  const event = {
    source: 'aws.ec2',
    'detail-type': 'EC2 Spot Instance Interruption Warning',
    resources: [`arn:aws:ec2:${world.region}:${world.accountId}:instance/${instanceId}`],
    detail: { 'instance-id': instanceId, 'instance-action': 'terminate' },
  };
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'spot-interruption-warning.json');
  await writeFile(file, `${JSON.stringify(event, null, 2)}\n`);
  return relative(process.cwd(), file);
}
