import type { Tags } from './alarm.ts';

export interface Instance {
  readonly instanceId: string;
  /** EC2's name of the state. */
  readonly state: string;
  /** Epoch milliseconds of the last start. */
  readonly launchedAt: number;
  readonly tags: Tags;
  readonly volumeIds: readonly string[];
}

export function isTerminated(instance: Instance | undefined): boolean {
  return instance === undefined || instance.state === 'terminated' || instance.state === 'shutting-down';
}

export function displayName({ instanceId, tags }: Instance): string {
  const name = tags['Name']?.trim();
  return name ? `${name} (${instanceId})` : instanceId;
}
