import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { PolicyContext } from '../context.ts';
import type { Choice, Chosen, KnownWorkers } from '../domain/choose-instances.ts';
import { type TerminationRequest, wantedByPool } from '../domain/termination-request.ts';

/** A line has room for so many ids; the others are only counted. */
const MAX_IDS = 500;

export function logChosen(
  { config, invocation }: PolicyContext,
  request: TerminationRequest,
  { choices, missing, workers }: Chosen & { readonly workers: KnownWorkers },
): void {
  const { logger, metrics } = invocation;
  const { busySince, cordoned } = workers;
  const count = (known: ReadonlyMap<string, unknown>): number =>
    request.candidates.filter(({ instanceId }) => known.has(instanceId)).length;
  logger.info(config.dryRun ? 'terminations planned' : 'terminations chosen', {
    ...fields(request, choices),
    missing,
    busy: count(busySince),
    cordoned: count(cordoned),
    ...(config.dryRun && { dryRun: true }),
  });
  if (config.dryRun) return;
  addCount(metrics, 'TerminationsChosen', choices.length);
  addCount(metrics, 'TerminationsMissing', missing);
  const busy = choices.filter(({ reason }) => reason === 'busy for the longest time');
  addCount(metrics, 'BusyTerminationsChosen', busy.length);
}

export function logUnread(
  { config, invocation }: PolicyContext,
  request: TerminationRequest,
  { choices, error }: { readonly choices: readonly Choice[]; readonly error: unknown },
): void {
  const { logger, metrics } = invocation;
  const dryRun = config.dryRun ? { dryRun: true } : {};
  logger.warn('workers not read', { ...fields(request, choices), error, ...dryRun });
  addCount(metrics, 'WorkersUnread');
}

/** After the deadline, the failure is only its consequence. */
export function logCordonsUnread({ logger, signal }: Invocation, error: unknown): void {
  if (signal.aborted) return;
  logger.warn('cordons not read', { error });
}

export function logWaitUnsaved({ logger, metrics, signal }: Invocation, group: string, error: unknown): void {
  if (signal.aborted) return;
  logger.warn('wait for idle instances not saved', { autoScalingGroupName: group, error });
  addCount(metrics, 'Failed');
}

function fields(request: TerminationRequest, choices: readonly Choice[]): Record<string, unknown> {
  return {
    autoScalingGroupName: request.group,
    cause: request.cause,
    wanted: Object.fromEntries(wantedByPool(request.capacity)),
    candidates: request.candidates.length,
    chosen: listByReason(choices.slice(0, MAX_IDS)),
    ...(choices.length > MAX_IDS && { notListed: choices.length - MAX_IDS }),
  };
}

/** `{ idle: ['i-1', 'i-2'] }` */
function listByReason(choices: readonly Choice[]): Record<string, readonly string[]> {
  const reasons = Map.groupBy(choices, ({ reason }) => reason);
  return Object.fromEntries(
    [...reasons].map(([reason, some]) => [reason, some.map(({ instanceId }) => instanceId)]),
  );
}
