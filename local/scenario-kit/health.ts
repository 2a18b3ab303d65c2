import { createHash, randomUUID } from 'node:crypto';
import type { HealthEvent } from '../account/services/health/state.ts';
import type { World } from '../pack/world.ts';
import { emulatedState } from './emulated-state.ts';

// Building blocks for scenarios: incidents of AWS, as its Health API and its events tell of them.

export type { EndpointState, HealthEvent } from '../account/services/health/state.ts';

export interface IncidentSeed {
  /** Of the template's own account unless told; a public one is every account's. */
  readonly account?: string;
  readonly service?: string;
  /** `AWS_<service>_OPERATIONAL_ISSUE` unless told. */
  readonly code?: string;
  /** `global` for what has no Region; the pack's own unless told. */
  readonly region?: string;
  readonly zone?: string;
  readonly scope?: HealthEvent['eventScopeCode'];
  readonly category?: HealthEvent['eventTypeCategory'];
  readonly status?: HealthEvent['statusCode'];
  /** How long ago it began, in milliseconds; now unless told. */
  readonly age?: number;
}

export interface Announcement {
  /** False: the API knows of it, and no event says so. */
  readonly announce?: boolean;
  /** Once more, from the Region that backs this one up. */
  readonly backup?: boolean;
  /** So many events, each with a part of what is affected; 1 unless told. */
  readonly pages?: number;
}

/** Something goes wrong at AWS. It is announced unless told otherwise. */
export async function openIncident(
  world: World,
  seed: IncidentSeed = {},
  announcement: Announcement = {},
): Promise<HealthEvent> {
  const { account = world.accountId, service = 'EC2', scope = 'PUBLIC' } = seed;
  const { code = `AWS_${service}_OPERATIONAL_ISSUE`, region = world.region } = seed;
  const owner = scope === 'PUBLIC' ? '' : account;
  const event: HealthEvent = {
    arn: `arn:aws:health:${region}:${owner}:event/${service}/${code}/${code}_${randomUUID()}`,
    service,
    eventTypeCode: code,
    eventTypeCategory: seed.category ?? 'issue',
    region,
    ...(seed.zone !== undefined && { availabilityZone: seed.zone }),
    startTime: new Date(world.clock.now() - (seed.age ?? 0)),
    lastUpdatedTime: new Date(world.clock.now()),
    statusCode: seed.status ?? 'open',
    eventScopeCode: scope,
  };
  keep(world, account, event);
  await tell(world, account, event, announcement);
  return event;
}

/** It is over. @returns the event as it is now */
export async function closeIncident(
  world: World,
  event: HealthEvent,
  announcement: Announcement = {},
): Promise<HealthEvent> {
  const now = new Date(world.clock.now());
  return updateIncident(world, event, { statusCode: 'closed', endTime: now }, announcement);
}

/** It takes another turn, such as being open again. @returns the event as it is now */
export async function updateIncident(
  world: World,
  event: HealthEvent,
  changes: Partial<HealthEvent>,
  announcement: Announcement = {},
): Promise<HealthEvent> {
  const account = ownerOf(world, event);
  const updated = { ...event, ...changes, lastUpdatedTime: new Date(world.clock.now()) };
  keep(world, account, updated);
  await tell(world, account, updated, announcement);
  return updated;
}

function keep(world: World, account: string, event: HealthEvent): void {
  const { events } = emulatedState(world, 'health');
  const others = (events.get(account) ?? []).filter(({ arn }) => arn !== event.arn);
  events.set(account, [...others, event]);
}

function ownerOf(world: World, { arn }: HealthEvent): string {
  const owner = [...emulatedState(world, 'health').events].find(([, events]) =>
    events.some((one) => one.arn === arn),
  );
  if (owner) return owner[0];
  throw new Error(`AWS Health keeps no event ${arn}: open the incident first`);
}

async function tell(
  world: World,
  account: string,
  event: HealthEvent,
  { announce = true, backup = false, pages = 1 }: Announcement,
): Promise<void> {
  if (announce) await world.put(...healthEvents(account, event, { backup, pages }));
}

/** The events of one announcement, as EventBridge gets them: the pages, then their copies from the backup Region. */
export function healthEvents(
  account: string,
  event: HealthEvent,
  { backup, pages }: { readonly backup: boolean; readonly pages: number },
): object[] {
  const copies = backup ? [false, true] : [false];
  return copies.flatMap((isBackup) =>
    Array.from({ length: pages }, (_, at) => ({
      'detail-type': 'AWS Health Event',
      source: 'aws.health',
      account,
      region: isBackup ? backupRegionOf(event) : deliveryRegionOf(event),
      resources: [],
      detail: { ...detailOf(event, account), ...pageOf(event, at + 1, pages), backupEvent: String(isBackup) },
    })),
  );
}

/** us-west-2 backs up every Region, and us-east-1 backs up us-west-2. */
const backupRegionOf = ({ region }: HealthEvent): string =>
  region === 'us-west-2' ? 'us-east-1' : 'us-west-2';

/** What belongs to no Region is told of in us-east-1. */
const deliveryRegionOf = ({ region }: HealthEvent): string => (region === 'global' ? 'us-east-1' : region);

function detailOf(event: HealthEvent, account: string): object {
  const { availabilityZone, endTime, region, statusCode } = event;
  return {
    eventArn: event.arn,
    service: event.service,
    eventTypeCode: event.eventTypeCode,
    eventTypeCategory: event.eventTypeCategory,
    eventScopeCode: event.eventScopeCode,
    startTime: event.startTime.toUTCString(),
    ...(endTime && { endTime: endTime.toUTCString() }),
    lastUpdatedTime: event.lastUpdatedTime.toUTCString(),
    statusCode,
    eventRegion: region,
    ...(availabilityZone !== undefined && { availabilityZone }),
    eventDescription: [{ language: 'en_US', latestDescription: `The issue in ${region} is ${statusCode}.` }],
    affectedAccount: account,
    personas: ['OPERATIONS'],
  };
}

/** One communication has one id, whose suffix is the page; the backup carries the same. */
function pageOf({ arn, lastUpdatedTime, statusCode }: HealthEvent, page: number, pages: number): object {
  const id = createHash('sha1').update(`${arn} ${statusCode} ${lastUpdatedTime.getTime()}`).digest('hex');
  const entities =
    pages === 1 ? [] : [{ entityValue: `i-${String(page).padStart(17, '0')}`, status: 'IMPAIRED' }];
  return {
    communicationId: `${id}-${page}`,
    affectedEntities: entities,
    page: String(page),
    totalPages: String(pages),
  };
}
