export type Tags = Readonly<Record<string, string>>;

/** An EBS volume of an instance. */
export interface Volume {
  readonly volumeId: string;
  /** As EC2 names it, such as /dev/sdf. The kernel may use another name. */
  readonly device: string;
}

export interface Instance {
  readonly instanceId: string;
  /** EC2's name of the state. */
  readonly state: string;
  /** Epoch milliseconds of the last start. */
  readonly launchedAt: number;
  readonly tags: Tags;
  readonly instanceType: string;
  readonly volumes: readonly Volume[];
  /** Device of the root volume; empty if unknown. */
  readonly rootDevice: string;
}

export function isTerminated(instance: Instance | undefined): boolean {
  return instance === undefined || instance.state === 'terminated' || instance.state === 'shutting-down';
}

export function displayName({ instanceId, tags }: Instance): string {
  const name = tags['Name']?.trim();
  return name ? `${name} (${instanceId})` : instanceId;
}
