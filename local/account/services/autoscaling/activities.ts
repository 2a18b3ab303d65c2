import { randomUUID } from 'node:crypto';
import type { Activity, Group } from './model.ts';

interface ActivityInput {
  readonly description: string;
  readonly zone: string;
  readonly failure?: string;
}

/** AWS keeps activities for six weeks; nobody here waits for so long. */
const maxActivities = 1000;

export function recordActivity(
  group: Group,
  now: number,
  { description, zone, failure }: ActivityInput,
): Activity {
  const at = new Date(now).toISOString();
  const cause = `At ${at} an instance was started in response to a difference between desired and actual capacity.`;
  const activity: Activity = {
    id: randomUUID(),
    startedAt: now,
    description: failure === undefined ? description : `${description}  Status Reason: ${failure}`,
    cause: description.startsWith('Launching') ? cause : `At ${at} an instance was taken out of service.`,
    status: failure === undefined ? 'Successful' : 'Failed',
    ...(failure !== undefined && { message: failure }),
    details: JSON.stringify({ 'Availability Zone': zone, 'Subnet ID': `subnet-${zone}` }),
  };
  group.activities.unshift(activity);
  group.activities.length = Math.min(group.activities.length, maxActivities);
  return activity;
}
