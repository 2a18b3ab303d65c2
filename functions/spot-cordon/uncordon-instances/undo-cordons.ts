import { publishEvents } from '#shared/aws/eventbridge.ts';
import { removeRecords, updateRecords } from '#shared/aws/update-records.ts';
import { forEachIsolated } from '#shared/concurrency.ts';
import { RetryableError } from '#shared/errors.ts';
import { addCount } from '#shared/metrics.ts';
import { describeGroups, setProtection } from '../aws/auto-scaling.ts';
import { untagCordoned } from '../aws/ec2.ts';
import { registerWithClassic } from '../aws/elastic-load-balancing.ts';
import { registerTargets } from '../aws/elastic-load-balancing-v2.ts';
import type { Round } from '../context.ts';
import type { Cordon } from '../domain/cordon-record.ts';
import { type Severity, severities } from '../domain/disruption.ts';
import { uncordoned } from '../messages/events.ts';
import { describe } from '../messages/log.ts';

/** An instance that could not be dealt with, and why. */
export interface Failure {
  readonly instanceId: string;
  readonly error: unknown;
}

export interface Due {
  readonly cordon: Cordon;
  readonly why: string;
}

/** A release under way: the record says so, so that a new danger takes the instance back instead of racing it. */
interface Release {
  readonly cordon: Cordon;
  readonly why: string;
  failure?: unknown;
}

/**
 * Gives back what was taken: claim the record, put targets and protection back, take the mark away, tell schedulers,
 * delete the record. Every step can be repeated; a release that died is taken up by the sweep.
 */
export async function releaseCordons(round: Round, due: readonly Due[]): Promise<readonly Failure[]> {
  const releases = await claim(round, due);
  const { signal } = round.invocation;
  await Promise.all([
    step(releases, (some) => putTargetsBack(some, signal)),
    step(releases, (some) => putBackIntoClassic(some, signal)),
    step(releases, (some) => restoreProtection(some, signal)),
  ]);
  // Marks go last: as long as the instance is not back in full, schedulers see it as cordoned.
  await step(sound(releases), (some) => removeMarks(some, signal));
  await step(sound(releases), (some) => tellSchedulers(some, signal));
  await close(round, sound(releases));
  const failed = releases.flatMap(({ cordon, failure }) =>
    failure === undefined ? [] : [{ instanceId: cordon.instanceId, error: failure }],
  );
  return [...failed, ...unclaimed(due, releases)];
}

/** Only what is still as it was judged is claimed; anything else has become somebody else's business. */
async function claim({ invocation, use }: Round, due: readonly Due[]): Promise<Release[]> {
  const judged = new Map(due.map((one) => [one.cordon.instanceId, one]));
  const won = new Set<string>();
  const { records } = await updateRecords<Cordon>(
    use,
    [...judged.keys()],
    (known, id) => {
      won.delete(id);
      if (!known || known.revision !== judged.get(id)?.cordon.revision) return undefined;
      won.add(id);
      return { ...known, status: 'releasing', releasingSince: invocation.now() };
    },
    new Map(due.map(({ cordon }) => [cordon.instanceId, cordon])),
  );
  const claimed = [...records.values()].filter((cordon) => cordon !== undefined);
  return claimed
    .filter(({ instanceId }) => won.has(instanceId))
    .map((cordon) => ({ cordon, why: judged.get(cordon.instanceId)?.why ?? '' }));
}

/** A message that lost its race is judged anew by its next delivery. */
function unclaimed(due: readonly Due[], releases: readonly Release[]): Failure[] {
  const claimed = new Set(releases.map(({ cordon }) => cordon.instanceId));
  return due
    .filter(({ cordon }) => !claimed.has(cordon.instanceId))
    .map(({ cordon: { instanceId } }) => ({
      instanceId,
      error: new RetryableError(`${instanceId}: its record changed while it was being released`),
    }));
}

async function putTargetsBack(releases: readonly Release[], signal: AbortSignal): Promise<void> {
  const taken = releases.flatMap((release) =>
    (release.cordon.drainedTargets ?? []).map((drained) => ({ release, ...drained })),
  );
  await forEachIsolated(
    Map.groupBy(taken, ({ targetGroupArn }) => targetGroupArn),
    8,
    async ([arn, some]) => {
      const all = some.flatMap(({ targets }) => targets);
      for (const { item, error } of await registerTargets(arn, all, signal)) {
        const owners = some.filter(({ targets }) => targets.includes(item));
        fail(owners, error);
      }
    },
    ([, some], error) => fail(some, error),
  );
}

async function putBackIntoClassic(releases: readonly Release[], signal: AbortSignal): Promise<void> {
  const taken = releases.flatMap((release) =>
    (release.cordon.drainedLoadBalancers ?? []).map((name) => ({ release, name })),
  );
  await forEachIsolated(
    Map.groupBy(taken, ({ name }) => name),
    4,
    ([name, some]) => registerWithClassic(name, idsOf(some), signal),
    ([, some], error) => fail(some, error),
  );
}

/** Only for those that are still in the group they were protected in. */
async function restoreProtection(releases: readonly Release[], signal: AbortSignal): Promise<void> {
  const ours = releases.flatMap((release) => {
    const { protectionRemoved, group } = release.cordon;
    return protectionRemoved && group !== undefined ? [{ release, group }] : [];
  });
  if (ours.length === 0) return;
  const byGroup = Map.groupBy(ours, ({ group }) => group);
  const groups = await describeGroups([...byGroup.keys()], signal);
  await forEachIsolated(
    byGroup,
    4,
    async ([name, some]) => {
      const members = groups.get(name)?.members;
      const ids = idsOf(some).filter((id) => members?.has(id));
      if (ids.length > 0) await setProtection(name, ids, true, signal);
    },
    ([, some], error) => fail(some, error),
  );
}

async function removeMarks(releases: readonly Release[], signal: AbortSignal): Promise<void> {
  const marks = releases.flatMap((release) =>
    marksOf(release.cordon).map((severity) => ({ release, severity })),
  );
  for (const [severity, some] of Map.groupBy(marks, (mark) => mark.severity)) {
    await untagCordoned(idsOf(some), severity, signal);
  }
}

/** Where the present danger never got its mark, that of the one before may still be there. */
function marksOf({ severity, steps }: Cordon): readonly Severity[] {
  return steps.tag === undefined ? severities.slice(0, severities.indexOf(severity) + 1) : [severity];
}

async function tellSchedulers(releases: readonly Release[], signal: AbortSignal): Promise<void> {
  const refused = await publishEvents(
    releases.map(({ cordon, why }) => uncordoned(cordon, why)),
    signal,
  );
  releases.forEach((release, i) => {
    if (refused[i]) release.failure = refused[i];
  });
}

async function close({ invocation, use }: Round, releases: readonly Release[]): Promise<void> {
  if (releases.length === 0) return;
  const cordons = releases.map(({ cordon }) => cordon);
  const taken = new Set(await removeRecords(use, cordons));
  for (const { cordon, why } of releases) {
    const overtaken = taken.has(cordon.instanceId);
    invocation.logger.info(overtaken ? 'uncordoned, and taken back by a new danger' : 'uncordoned', {
      ...describe(cordon),
      why,
    });
  }
  addCount(invocation.metrics, 'Uncordoned', releases.length - taken.size);
}

/** One step for all that are sound; what it throws fails all of them, and leaves their records for the sweep. */
async function step(
  releases: readonly Release[],
  work: (some: readonly Release[]) => Promise<void>,
): Promise<void> {
  if (releases.length === 0) return;
  try {
    await work(releases);
  } catch (error) {
    for (const release of releases) release.failure = error;
  }
}

function fail(some: readonly { readonly release: Release }[], error: unknown): void {
  for (const { release } of some) release.failure = error;
}

function idsOf(some: readonly { readonly release: Release }[]): string[] {
  return some.map(({ release }) => release.cordon.instanceId);
}

function sound(releases: readonly Release[]): Release[] {
  return releases.filter(({ failure }) => failure === undefined);
}
