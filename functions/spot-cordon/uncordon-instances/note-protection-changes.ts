import { updateRecords } from '#shared/aws/update-records.ts';
import type { QueueMessage } from '#shared/handlers/queue.ts';
import type { UncordonContext } from '../context.ts';
import type { CordonDraft, CordonRecord } from '../domain/cordon-record.ts';
import { noteProtectionChange } from '../domain/protection.ts';
import type { TriggerEvent } from './event.ts';

/**
 * Notes in the records who changed scale-in protection since we removed it.
 *
 * @returns the messages that must be delivered again
 */
export async function noteProtectionChanges(
  { config, table }: UncordonContext,
  messages: readonly QueueMessage<TriggerEvent>[],
): Promise<readonly { readonly id: string; readonly error: unknown }[]> {
  const changes = messages.flatMap(({ id, message }) =>
    message.kind === 'protection-change'
      ? message.instanceIds.map((instanceId) => ({ ...message, id, instanceId }))
      : [],
  );
  const byInstance = Map.groupBy(changes, ({ instanceId }) => instanceId);
  if (byInstance.size === 0 || config.dryRun) return [];
  const { failures } = await updateRecords<CordonRecord>(
    table,
    [...byInstance.keys()],
    (known, instanceId) => {
      let noted: CordonDraft | undefined;
      for (const { eventTime, sessionName } of byInstance.get(instanceId) ?? []) {
        const change = { at: eventTime, isOurs: sessionName === config.cordonFunctionName };
        const before = noted ?? known;
        noted = (before && noteProtectionChange(before, change)) ?? noted;
      }
      return noted;
    },
  );
  return [...failures].flatMap(([instanceId, error]) =>
    (byInstance.get(instanceId) ?? []).map(({ id }) => ({ id, error })),
  );
}
