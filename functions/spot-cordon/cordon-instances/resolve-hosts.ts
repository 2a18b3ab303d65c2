import { scanRecords } from '#shared/aws/records.ts';
import { describeInstancesOnHosts } from '../aws/ec2.ts';
import type { CordonContext } from '../context.ts';
import type { CordonRecord } from '../domain/cordon-record.ts';
import { HOST_ID, isTerminated } from '../domain/instance.ts';
import { type EndedMaintenance, endedMaintenance, type WarningEvent } from './event.ts';
import type { ReceivedEvent } from './group-batch.ts';

interface ResolvedHosts {
  readonly messages: readonly ReceivedEvent[];
  readonly retry: readonly { readonly id: string; readonly error: unknown }[];
}

/** What is known about the Dedicated Hosts of a batch. */
interface HostFacts {
  /** The instances that are on each host now. */
  readonly instances: ReadonlyMap<string | undefined, readonly string[]>;
  /** All records, if maintenance of a host is over: its instances may have left it since. */
  readonly records: readonly CordonRecord[];
}

/** Replaces Dedicated Hosts by their instances. Reads nothing if the batch names no host. */
export async function resolveHosts(
  context: CordonContext,
  received: readonly ReceivedEvent[],
): Promise<ResolvedHosts> {
  const about = received.filter(({ message }) => hostsOf(message).length > 0);
  if (about.length === 0) return { messages: received, retry: [] };
  try {
    const facts = await readHosts(context, about);
    const messages = received.map(({ id, message }) => ({ id, message: resolve(message, facts) }));
    return { messages, retry: [] };
  } catch (error) {
    const messages = received.filter((one) => !about.includes(one));
    return { messages, retry: about.map(({ id }) => ({ id, error })) };
  }
}

function hostsOf(message: WarningEvent): string[] {
  const pending = message.kind === 'disruption' ? message.disruptions : [];
  const ids = [
    ...pending.map(({ instanceId }) => instanceId),
    ...(endedMaintenance(message)?.instanceIds ?? []),
  ];
  return ids.filter(isHost);
}

async function readHosts(
  { invocation, table }: CordonContext,
  about: readonly ReceivedEvent[],
): Promise<HostFacts> {
  const hosts = new Set(about.flatMap(({ message }) => hostsOf(message)));
  const isOver = about.some(({ message }) => endedMaintenance(message)?.instanceIds.some(isHost));
  const [found, records] = await Promise.all([
    describeInstancesOnHosts([...hosts], invocation.signal),
    isOver ? scanRecords(table) : [],
  ]);
  const living = found.filter((instance) => !isTerminated(instance));
  const byHost = Map.groupBy(living, ({ hostId }) => hostId);
  const instances = new Map([...byHost].map(([host, some]) => [host, some.map((one) => one.instanceId)]));
  return { instances, records };
}

function resolve(message: WarningEvent, facts: HostFacts): WarningEvent {
  if (message.kind === 'cancellation') return resolveEnded(message, facts);
  if (message.kind !== 'disruption') return message;
  const disruptions = message.disruptions.flatMap((disruption) => {
    const { instanceId: host } = disruption;
    if (!isHost(host)) return [disruption];
    return (facts.instances.get(host) ?? []).map((instanceId) => ({ ...disruption, instanceId, host }));
  });
  const hosts = message.disruptions.map(({ instanceId }) => instanceId).filter(isHost);
  const empty = hosts.filter((host) => !facts.instances.has(host));
  const ignored = empty.map((value) => ({ value, reason: 'no instance is on this Dedicated Host' }));
  const { resolved } = message;
  return {
    ...message,
    disruptions,
    ignored: [...message.ignored, ...ignored],
    ...(resolved && { resolved: resolveEnded(resolved, facts) }),
  };
}

function resolveEnded<E extends EndedMaintenance>(ended: E, { instances, records }: HostFacts): E {
  const instanceIds = ended.instanceIds.flatMap((host) => {
    if (!isHost(host)) return [host];
    const known = records.filter(({ maintenance = [] }) =>
      maintenance.some((one) => one.host === host && one.notice === ended.notice),
    );
    return [...(instances.get(host) ?? []), ...known.map(({ instanceId }) => instanceId)];
  });
  return { ...ended, instanceIds: [...new Set(instanceIds)] };
}

function isHost(id: string): boolean {
  return HOST_ID.test(id);
}
