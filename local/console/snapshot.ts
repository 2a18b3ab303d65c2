import { countMessages } from '../account/services/sqs/queue.ts';
import type { Call } from '../account/types.ts';
import type { Deadline, Panel, PanelView } from '../scenario-kit/panel.ts';
import { empty } from '../scenario-kit/panel-parts.ts';
import type { World } from '../scenario-kit/world.ts';
import { deadLetterQueues } from '../wiring/sqs-poller.ts';
import { type Chain, joinChains } from './chains.ts';
import type { ShownPack } from './shown-pack.ts';

/** A panel and the wing that it is from. */
export interface NamedPanel {
  readonly wing: string;
  readonly panel: Panel;
}

export interface LookedPanel extends NamedPanel {
  readonly view: PanelView;
}

/** Everything that the page shows, as it was at one time. */
export interface Snapshot {
  readonly now: number;
  readonly panels: readonly LookedPanel[];
  readonly chains: readonly Chain[];
  /** Of the functions and of people. */
  readonly calls: readonly Call[];
  readonly deadLetters: number;
  readonly nextDeadline: Deadline | undefined;
}

/** Changes when anything happened; cheap to ask. */
export function fingerprintOf(pack: ShownPack): string {
  const { clock, functions, history, mailbox } = pack;
  const runs = functions.ids.map((id) => functions.pool(id).finished.at(-1)?.endedAt ?? 0);
  const calls = pack.calls();
  return [
    Math.round(clock.offset()),
    history.events.at(-1)?.arrivedAt ?? 0,
    mailbox.mails.length,
    mailbox.chats.length,
    calls.length,
    calls.at(-1)?.status,
    ...runs,
  ].join(' ');
}

export async function takeSnapshot(
  pack: ShownPack,
  observer: World,
  panels: readonly NamedPanel[],
): Promise<Snapshot> {
  const { account, clock, history, mailbox, stack } = pack;
  const now = clock.now();
  const looked = await Promise.all(panels.map((one) => look(one, observer)));
  const calls = pack.calls();
  const { events } = history;
  const { mails, chats } = mailbox;
  const queues = deadLetterQueues(stack);
  const sqs = account.serviceState('sqs');
  const deadlines = looked.flatMap(({ view }) => view.deadlines ?? []);
  return {
    now,
    panels: looked,
    chains: joinChains({ events, runs: runsOf(pack), calls, mails, chats }),
    calls,
    deadLetters: queues.reduce((sum, { id }) => sum + countMessages(sqs, stack.ref(id), now), 0),
    nextDeadline: deadlines.filter(({ at }) => at > now).toSorted((a, b) => a.at - b.at)[0],
  };
}

async function look(one: NamedPanel, observer: World): Promise<LookedPanel> {
  try {
    return { ...one, view: await one.panel.look(observer) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...one, view: { summary: 'not readable', tone: 'warn', body: empty(reason) } };
  }
}

function runsOf({ functions }: ShownPack): Parameters<typeof joinChains>[0]['runs'] {
  return functions.ids.flatMap((id) => functions.pool(id).finished.map((run) => ({ ...run, function: id })));
}
