import type { Account } from '../account/account.ts';
import type { World } from '../scenario-kit/world.ts';
import { isWrite } from './chains.ts';

/** What can go wrong with an action, for everybody to try. */
export const faultChoices = [
  { name: 'twice', label: 'send it twice', effect: 'EventBridge delivers the event twice.' },
  { name: 'storm', label: 'a storm of 1,000', effect: 'A thousand events say the same at once.' },
  {
    name: 'throttled',
    label: 'throttle AWS',
    effect: 'The first call that changes a resource is throttled, and so are its retries.',
  },
  {
    name: 'killed',
    label: 'kill the function half way',
    effect: 'Its process dies right after the first call that changes a resource.',
  },
] as const;

const storm = 1000;

/** Copies what is sent. Copies of a storm have ids of their own, copies of one delivery have not. */
export function withCopies(world: World, faults: readonly string[]): World {
  const put: World['put'] = async (...events) => {
    const isStorm = faults.includes('storm');
    const copies = isStorm ? storm : faults.includes('twice') ? 2 : 1;
    const all = events.flatMap((event) =>
      Array.from({ length: copies }, (_, i) =>
        isStorm && i > 0 ? { ...event, id: crypto.randomUUID() } : event,
      ),
    );
    await world.put(...all);
  };
  return { ...world, put };
}

/** Faults of earlier actions that hit nothing are over. */
export function injectFaults(account: Account, functionId: string, faults: readonly string[]): void {
  account.clearFaults();
  for (const kind of ['throttled', 'killed'] as const) {
    if (faults.includes(kind))
      account.injectFault({ function: functionId, call: 1, kind, matches: changesResource });
  }
}

/** The table of a wing is its own memory: a fault at a resource of somebody else is the better story. */
function changesResource(call: { readonly service: string; readonly action: string }): boolean {
  return call.service !== 'dynamodb' && isWrite(call);
}
