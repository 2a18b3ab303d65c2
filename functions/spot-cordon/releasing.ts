import { mapLimit } from '../../shared/concurrency.ts';
import { Retryable } from '../../shared/errors.ts';
import { count } from '../../shared/metrics.ts';
import { describe, uncordoned } from './announcement.ts';
import { describeGroups, setProtection } from './aws/auto-scaling.ts';
import { amend, removeCordons } from './aws/cordons.ts';
import { untagCordoned } from './aws/ec2.ts';
import { announce } from './aws/event-bridge.ts';
import { registerTargets, registerWithClassic } from './aws/load-balancing.ts';
import type { Cordon } from './cordon.ts';
import type { Instance } from './instance.ts';
import type { Failure, Round } from './uncordon-instances.ts';

export interface Due {
  readonly cordon: Cordon;
  readonly why: string;
  readonly instance?: Instance | undefined;
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
  const { signal } = round.tools;
  await Promise.all([
    step(releases, (some) => putTargetsBack(some, signal)),
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
async function claim({ tools, use }: Round, due: readonly Due[]): Promise<Release[]> {
  const judged = new Map(due.map((one) => [one.cordon.instanceId, one]));
  const won = new Set<string>();
  const settled = await amend(
    use,
    [...judged.keys()],
    (known, id) => {
      won.delete(id);
      if (!known || known.revision !== judged.get(id)?.cordon.revision) return undefined;
      won.add(id);
      return { ...known, status: 'releasing', releasingSince: tools.now() };
    },
    new Map(due.map(({ cordon }) => [cordon.instanceId, cordon])),
  );
  const claimed = [...settled.values()].filter((cordon) => cordon !== undefined);
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
      error: new Retryable(`${instanceId}: its record changed while it was being released`),
    }));
}

async function putTargetsBack(releases: readonly Release[], signal: AbortSignal): Promise<void> {
  const targets = releases.flatMap(({ cordon }) => cordon.drainedTargets ?? []);
  const byArn = Map.groupBy(targets, ({ targetGroupArn }) => targetGroupArn);
  await mapLimit([...byArn], 8, ([arn, some]) =>
    registerTargets(
      arn,
      some.flatMap(({ targets }) => targets),
      signal,
    ),
  );
  const classic = releases.flatMap(({ cordon }) =>
    (cordon.drainedLoadBalancers ?? []).map((name) => ({ name, id: cordon.instanceId })),
  );
  const byName = Map.groupBy(classic, ({ name }) => name);
  await mapLimit([...byName], 4, ([name, some]) =>
    registerWithClassic(
      name,
      some.map(({ id }) => id),
      signal,
    ),
  );
}

/** Only for those that are still in the group they were protected in. */
async function restoreProtection(releases: readonly Release[], signal: AbortSignal): Promise<void> {
  const ours = releases.filter(({ cordon }) => cordon.protectionRemoved && cordon.group !== undefined);
  if (ours.length === 0) return;
  const byGroup = Map.groupBy(ours, ({ cordon }) => cordon.group ?? '');
  const groups = await describeGroups([...byGroup.keys()], signal);
  await mapLimit([...byGroup], 4, async ([name, some]) => {
    const members = groups.get(name)?.members;
    const ids = some.map(({ cordon }) => cordon.instanceId).filter((id) => members?.has(id));
    if (ids.length > 0) await setProtection(name, ids, true, signal);
  });
}

async function removeMarks(releases: readonly Release[], signal: AbortSignal): Promise<void> {
  for (const [severity, some] of Map.groupBy(releases, ({ cordon }) => cordon.severity)) {
    await untagCordoned(
      some.map(({ cordon }) => cordon.instanceId),
      severity,
      signal,
    );
  }
}

async function tellSchedulers(releases: readonly Release[], signal: AbortSignal): Promise<void> {
  const refused = await announce(
    releases.map(({ cordon, why }) => uncordoned(cordon, why)),
    signal,
  );
  releases.forEach((release, i) => {
    if (refused[i]) release.failure = refused[i];
  });
}

async function close({ tools, use }: Round, releases: readonly Release[]): Promise<void> {
  if (releases.length === 0) return;
  const cordons = releases.map(({ cordon }) => cordon);
  const taken = new Set(await removeCordons(use, cordons));
  for (const { cordon, why } of releases) {
    const overtaken = taken.has(cordon.instanceId);
    tools.logger.info(overtaken ? 'uncordoned, and taken back by a new danger' : 'uncordoned', {
      ...describe(cordon),
      why,
    });
  }
  count(tools.metrics, 'Uncordoned', releases.length - taken.size);
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

function sound(releases: readonly Release[]): Release[] {
  return releases.filter(({ failure }) => failure === undefined);
}
