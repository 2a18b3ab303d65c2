import type { Tags } from './alarm.ts';

export interface Instance {
  readonly instanceId: string;
  /** As EC2 names it. */
  readonly state: string;
  /** Epoch milliseconds of the last start. */
  readonly launchedAt: number;
  readonly tags: Tags;
  readonly volumeIds: readonly string[];
}

export function isGone(instance: Instance | undefined): boolean {
  return instance === undefined || instance.state === 'terminated' || instance.state === 'shutting-down';
}

export function nameOf({ instanceId, tags }: Instance): string {
  const name = tags['Name']?.trim();
  return name ? `${name} (${instanceId})` : instanceId;
}
