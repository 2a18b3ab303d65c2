import type { SeedContext } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { createScenarios } from './create.ts';
import { stateChange } from './events.ts';
import { forecastScenarios } from './forecast.ts';
import { largeFleetScenarios } from './large-fleet.ts';
import { maintainScenarios } from './maintain.ts';
import { mountScenarios } from './mounts.ts';
import { oddInputScenarios } from './odd-input.ts';
import { otherToolScenarios } from './other-tools.ts';
import { recoverScenarios } from './recover.ts';
import { reportLinux, runServers } from './servers.ts';
import { sizeScenarios } from './sizes.ts';

export { panel } from './panel.ts';

/** Starts a server with two disks and creates their alarms. Saves the event of its start, which can be sent again. */
export async function seed(world: World, { saveEvent }: SeedContext): Promise<readonly string[]> {
  const [id = ''] = await runServers(world, 'db-1', 1, { Team: 'storage' });
  await reportLinux(world, id, [
    { mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 40 },
    { mount: '/data', device: 'nvme1n1', sizeGb: 800, free: 12 },
  ]);
  await world.put(stateChange(world, id, 'running'));
  await world.settle();
  const command = await saveEvent('instance-running', {
    source: 'aws.ec2',
    'detail-type': 'EC2 Instance State-change Notification',
    resources: [`arn:aws:ec2:${world.region}:${world.accountId}:instance/${id}`],
    detail: { 'instance-id': id, state: 'running' },
  });
  return [`Send the start of a sample server with disks again:  ${command}`];
}

/** The prefix does not depend on the name that the stack has here. */
export const parameters = { Prefix: 'groundcrew-disk-' };

export default [
  ...createScenarios,
  ...maintainScenarios,
  ...forecastScenarios,
  ...mountScenarios,
  ...sizeScenarios,
  ...recoverScenarios,
  ...oddInputScenarios,
  ...otherToolScenarios,
  ...largeFleetScenarios,
];
