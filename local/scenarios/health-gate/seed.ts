import type { World } from '../../pack/world.ts';
import { openIncident } from '../../scenario-kit/health.ts';
import type { SeedContext } from '../../scenario-kit/scenario.ts';
import { gatedPipeline, NAME, run } from './pipeline.ts';

/** Leaves a deployment that an incident holds, and keeps the event with which such an incident begins to end. */
export async function seedPipeline(world: World, { saveEvent }: SeedContext): Promise<readonly string[]> {
  await gatedPipeline(world);
  const { arn, ...incident } = await openIncident(world);
  await run(world);
  const command = await saveEvent('health-issue-closed', {
    source: 'aws.health',
    'detail-type': 'AWS Health Event',
    resources: [],
    detail: {
      eventArn: arn,
      service: incident.service,
      eventTypeCode: incident.eventTypeCode,
      eventTypeCategory: 'issue',
      eventScopeCode: 'PUBLIC',
      statusCode: 'closed',
      startTime: incident.startTime.toUTCString(),
      eventRegion: incident.region,
      page: '1',
      totalPages: '1',
      backupEvent: 'false',
    },
  });
  return [
    `The pipeline ${NAME} is held by an incident in ${incident.region}, and the mail says so.`,
    `A hint that it is over, which the function checks with AWS Health:   ${command}`,
  ];
}
