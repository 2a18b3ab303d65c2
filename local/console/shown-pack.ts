import type { Account } from '../account/account.ts';
import type { Call } from '../account/types.ts';
import type { AdjustableClock } from '../clock.ts';
import type { Functions } from '../runtime/functions.ts';
import type { Stack } from '../stack/stack.ts';
import type { Arrival, PutEvent } from '../wiring/arrival.ts';
import type { Chat, Mail } from '../wiring/sns-topics.ts';
import type { Wiring } from '../wiring/wiring.ts';

/** What the page shows of the pack. */
export interface ShownPack {
  readonly clock: AdjustableClock;
  readonly account: Account;
  readonly stack: Stack;
  readonly functions: Functions;
  readonly wiring: Wiring;
  readonly mailbox: {
    readonly mails: readonly (Mail & Arrival)[];
    readonly chats: readonly (Chat & Arrival)[];
  };
  readonly history: { readonly events: readonly PutEvent[] };
  /** The calls of functions and of people. */
  calls(): readonly Call[];
}
