import type { World } from '../pack/world.ts';

interface Happening {
  readonly source: string;
  readonly detailType: string;
  /** ARNs; none unless told. */
  readonly resources?: readonly string[];
  readonly detail: object;
}

/** An event as AWS sends it at this moment. Delivered twice it is a duplicate: it carries its id. */
export function awsEvent(world: World, { source, detailType, resources = [], detail }: Happening): object {
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
