import { createHash, randomUUID } from 'node:crypto';
import type { HealthEvent } from '../account/services/health/state.ts';
import { emulatedState } from './emulated-state.ts';
import type { World } from './world.ts';

// Building blocks for scenarios: incidents in the AWS Health API and in its events.

export type { HealthEvent } from '../account/services/health/state.ts';

export interface IncidentInput {
  /** The affected account. Defaults to the account of the template. Every account sees public incidents. */
  readonly account?: string;
  readonly service?: string;
  /** Defaults to `AWS_<service>_OPERATIONAL_ISSUE`. */
  readonly code?: string;
  /** `global` for services without a Region. Defaults to the Region of the pack. */
  readonly region?: string;
  readonly zone?: string;
  readonly scope?: HealthEvent['eventScopeCode'];
  readonly category?: HealthEvent['eventTypeCategory'];
  readonly status?: HealthEvent['statusCode'];
  /** How long ago the incident started. Defaults to 0. */
  readonly ageMs?: number;
}

export interface AnnouncementOptions {
  /** False: the API returns the incident, but no event is sent. */
  readonly announce?: boolean;
  /** True: the event is also sent from the backup Region. */
  readonly backup?: boolean;
  /** The number of events, each with a part of the affected entities. Defaults to 1. */
  readonly pages?: number;
}

/** Opens an incident in AWS Health. Sends its event unless `announce` is false. */
export async function openIncident(
  world: World,
  seed: IncidentInput = {},
  announcement: AnnouncementOptions = {},
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
    startTime: new Date(world.clock.now() - (seed.ageMs ?? 0)),
    lastUpdatedTime: new Date(world.clock.now()),
    statusCode: seed.status ?? 'open',
    eventScopeCode: scope,
  };
  storeEvent(world, account, event);
  await announceEvent(world, account, event, announcement);
  return event;
}

/** Closes an incident. @returns the changed event */
export async function closeIncident(
  world: World,
  event: HealthEvent,
  announcement: AnnouncementOptions = {},
): Promise<HealthEvent> {
  const now = new Date(world.clock.now());
  return updateIncident(world, event, { statusCode: 'closed', endTime: now }, announcement);
}

/** Changes an incident, for example opens it again. @returns the changed event */
export async function updateIncident(
  world: World,
  event: HealthEvent,
  changes: Partial<HealthEvent>,
  announcement: AnnouncementOptions = {},
): Promise<HealthEvent> {
  const account = findOwner(world, event);
  const updated = { ...event, ...changes, lastUpdatedTime: new Date(world.clock.now()) };
  storeEvent(world, account, updated);
  await announceEvent(world, account, updated, announcement);
  return updated;
}

function storeEvent(world: World, account: string, event: HealthEvent): void {
  const { events } = emulatedState(world, 'health');
  const others = (events.get(account) ?? []).filter(({ arn }) => arn !== event.arn);
  events.set(account, [...others, event]);
}

function findOwner(world: World, { arn }: HealthEvent): string {
  const owner = [...emulatedState(world, 'health').events].find(([, events]) =>
    events.some((one) => one.arn === arn),
  );
  if (owner) return owner[0];
  throw new Error(`AWS Health has no event ${arn}. Open the incident first.`);
}

async function announceEvent(
  world: World,
  account: string,
  event: HealthEvent,
  { announce = true, backup = false, pages = 1 }: AnnouncementOptions,
): Promise<void> {
  if (announce) await world.put(...toHealthEvents(account, event, { backup, pages }));
}

/** The events for EventBridge: all pages, then their copies from the backup Region. */
function toHealthEvents(
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

/** us-west-2 is the backup Region of every Region, and us-east-1 is that of us-west-2. */
const backupRegionOf = ({ region }: HealthEvent): string =>
  region === 'us-west-2' ? 'us-east-1' : 'us-west-2';

/** AWS Health sends events of global services to us-east-1. */
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

/** All copies of a communication have one id with the page as its suffix, also in the backup Region. */
function pageOf({ arn, lastUpdatedTime, statusCode }: HealthEvent, page: number, pages: number): object {
  const id = createHash('sha1').update(`${arn} ${statusCode} ${lastUpdatedTime.getTime()}`).digest('hex');
  // When an event is closed, its entities are resolved.
  const status = statusCode === 'closed' ? 'RESOLVED' : 'IMPAIRED';
  const entities = pages === 1 ? [] : [{ entityValue: `i-${String(page).padStart(17, '0')}`, status }];
  return {
    communicationId: `${id}-${page}`,
    affectedEntities: entities,
    page: String(page),
    totalPages: String(pages),
  };
}
