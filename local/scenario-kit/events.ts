import type { World } from './world.ts';

interface AwsEventInput {
  readonly source: string;
  readonly detailType: string;
  /** ARNs. Empty by default. */
  readonly resources?: readonly string[];
  readonly detail: object;
}

/** Returns an event as AWS sends it now. It has an id, so putting it twice is a duplicate delivery. */
export function awsEvent(
  world: World,
  { source, detailType, resources = [], detail }: AwsEventInput,
): object {
  return {
    version: '0',
    id: crypto.randomUUID(),
    'detail-type': detailType,
    source,
    account: world.accountId,
    time: new Date(world.clock.now()).toISOString().replace(/\.\d+Z/, 'Z'),
    region: world.region,
    resources,
    detail,
  };
}
