import type { Account } from '../account/account.ts';
import type { World } from '../scenario-kit/world.ts';
import type { Wiring } from '../wiring/wiring.ts';
import { faultChoices, injectFaults, withCopies } from './faults.ts';
import { passTime } from './pass-time.ts';
import type { ActionResult } from './sections.ts';
import type { NamedPanel } from './snapshot.ts';

export interface DoOptions {
  readonly account: Account;
  readonly wiring: Wiring;
  readonly panels: readonly NamedPanel[];
  /** Acts in the account, as a person or AWS does. */
  readonly person: World;
  /** Delivers nothing in real time while the work is done. */
  readonly whilePaused: (work: () => Promise<void>) => Promise<void>;
  readonly reset: (() => Promise<void>) | undefined;
}

/** Does what a button says. Returns what to tell about it. */
export async function runAction(form: URLSearchParams, options: DoOptions): Promise<ActionResult> {
  const name = form.get('action') ?? '';
  const value = form.get('value') ?? '';
  try {
    const text = name.startsWith('console.')
      ? await runOwn(name.slice('console.'.length), value, options)
      : await runOfWing(name, value, { ...options, faults: form.getAll('fault') });
    return { text, isError: false };
  } catch (error) {
    return { text: `${error instanceof Error ? error.message : error}`, isError: true };
  }
}

async function runOfWing(
  name: string,
  value: string,
  { account, panels, person, faults }: DoOptions & { readonly faults: readonly string[] },
): Promise<string> {
  const [wing, actionName] = name.split('.');
  const panel = panels.find((one) => one.wing === wing)?.panel;
  const action = panel?.actions.find((one) => one.name === actionName);
  if (!action) throw new Error(`There is no button ${name}.`);
  const { effect, handledBy, label } = action;
  const used = handledBy === undefined ? [] : faultChoices.filter((one) => faults.includes(one.name));
  const names = used.map((one) => one.name);
  injectFaults(account, handledBy ?? '', names);
  const world = withCopies(person, names);
  await action.run({ ...world, settle: async () => {} }, value);
  return [`${label}: ${effect}`, ...used.map((one) => one.effect)].join(' ');
}

const maxWaitMs = 31 * 86_400_000;

async function runOwn(name: string, value: string, options: DoOptions): Promise<string> {
  const { person, reset, whilePaused, wiring } = options;
  if (name === 'wait') {
    const ms = Number(value);
    if (!(ms > 0 && ms <= maxWaitMs))
      throw new Error(`value: expected milliseconds up to 31 days, got ${value}`);
    const { clock } = person;
    await whilePaused(() => passTime(ms, { clock, schedules: wiring.schedules, advance: wiring.advance }));
    return 'The clock is turned. What fell due was delivered, and schedules ran.';
  }
  if (name === 'fire') {
    await wiring.fire(value);
    return `${value} was sent.`;
  }
  if (name === 'reset' && reset) {
    await whilePaused(reset);
    return 'The account is as it was at the start.';
  }
  throw new Error(`There is no button console.${name}.`);
}
