import { publishEvents } from '#shared/aws/eventbridge.ts';
import { tagCordoned } from '../../aws/ec2.ts';
import { cordoned } from '../../messages/events.ts';
import { type Case, fail, idsOf, lacking } from '../work-item.ts';

/** CreateTags in one call for each severity: the value carries nothing of the single instance. */
export async function tag(cases: readonly Case[], signal: AbortSignal): Promise<void> {
  const bySeverity = Map.groupBy(lacking(cases, 'tag'), (one) => one.record.severity);
  for (const [severity, some] of bySeverity) {
    const unmarked = await tagCordoned(idsOf(some), severity, signal);
    for (const one of some) one.outcomes.tag = unmarked.get(one.instanceId) ?? 'done';
  }
}

export async function tellSchedulers(cases: readonly Case[], signal: AbortSignal): Promise<void> {
  const open = lacking(cases, 'announce');
  if (open.length === 0) return;
  const refused = await publishEvents(
    open.map(({ record, group }) => cordoned(group ? { ...record, group: group.name } : record)),
    signal,
  );
  open.forEach((one, i) => {
    const error = refused[i];
    if (error) fail([one], 'announce', error);
    else one.outcomes.announce = 'done';
  });
}
