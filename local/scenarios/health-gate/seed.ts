import { openIncident } from '../../scenario-kit/health.ts';
import type { SeedContext } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { createGatedPipeline, NAME, runPipeline } from './pipeline.ts';

/** Creates a deployment that an incident holds. Saves the event that ends such an incident. */
export async function seed(world: World, { saveEvent }: SeedContext): Promise<readonly string[]> {
  await createGatedPipeline(world);
  const { arn, ...incident } = await openIncident(world);
  await runPipeline(world);
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
    `The pipeline ${NAME} is held by an incident in ${incident.region}. The mail on the page says so.`,
    `Send an event that says the incident has ended; the function checks this with AWS Health:  ${command}`,
  ];
}
