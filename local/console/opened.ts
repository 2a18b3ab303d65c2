import type { Html } from '#shared/html.ts';
import { renderEvent } from './chain-view.ts';
import { renderMachineryPart } from './machinery-view.ts';
import { mailId, renderMailText } from './mail-view.ts';
import type { ShownPack } from './shown-pack.ts';
import type { Snapshot } from './snapshot.ts';

/** What the page loads when somebody opens it: an event, a mail, a table. Undefined for any other name. */
export function renderOpened(
  kind: string,
  name: string,
  pack: ShownPack,
  snapshot: Snapshot,
): Html | undefined {
  const { mails } = pack.mailbox;
  switch (kind) {
    case 'event': {
      const chain = snapshot.chains.find(({ key }) => key === name);
      return chain && renderEvent(chain);
    }
    case 'mail': {
      const mail = mails.find((one) => mailId(one, mails) === name);
      return mail && renderMailText(mail);
    }
    case 'machinery':
      return renderMachineryPart(name, pack, snapshot);
    default:
      return undefined;
  }
}
