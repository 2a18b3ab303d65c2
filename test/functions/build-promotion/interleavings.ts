import { AsyncLocalStorage } from 'node:async_hooks';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

// Runs two requests in this process as if they ran on two machines: one file operation at a time, in a given order.

type Call = (...args: unknown[]) => Promise<unknown>;

interface Pending {
  readonly operation: string;
  proceed(): Promise<void>;
}

interface Participant {
  readonly who: 0 | 1;
  readonly pending: Pending[];
  isDone: boolean;
}

const operations = [
  'lstat',
  'link',
  'mkdir',
  'readdir',
  'readFile',
  'readlink',
  'rename',
  'rm',
  'rmdir',
  'stat',
  'symlink',
  'writeFile',
] as const;

export interface Interleaver {
  /**
   * Lets the requests run. Before each file operation that `isGate` names, `choose` says whose operation is next (0 or 1);
   * it is asked only if both can go on. `check` runs after each of them.
   *
   * @returns the operations in their order
   */
  run(
    requests: readonly [() => Promise<unknown>, () => Promise<unknown>],
    options: RunOptions,
  ): Promise<string[]>;
  restore(): void;
}

interface RunOptions {
  isGate(operation: string, who: 0 | 1): boolean;
  choose(): 0 | 1;
  check(done: readonly string[]): void;
}

interface Own {
  readonly participant: Participant;
  readonly options: RunOptions;
  changed(): void;
}

/** @param folder operations are named relative to it */
export function openInterleaver(folder: string): Interleaver {
  const current = new AsyncLocalStorage<Own>();
  const undo: (() => void)[] = [];
  for (const name of operations) {
    const target = fs.promises as unknown as Record<string, Call>;
    const real = target[name] as Call;
    target[name] = (...args) => {
      const store = current.getStore();
      const paths = args.filter((one) => typeof one === 'string').map((one) => one.replace(folder, ''));
      const operation = `${name} ${paths.join(' ')}`;
      if (!store?.options.isGate(operation, store.participant.who)) return real(...args);
      return new Promise((resolve, reject) => {
        const proceed = (): Promise<void> => real(...args).then(resolve, reject);
        store.participant.pending.push({ operation, proceed });
        store.changed();
      });
    };
    undo.push(() => {
      target[name] = real;
    });
  }
  syncBuiltinESMExports();
  return {
    run: (requests, options) => runTogether(requests, options, (own, act) => current.run(own, act)),
    restore: () => {
      for (const one of undo) one();
      syncBuiltinESMExports();
    },
  };
}

type Enter = (own: Own, act: () => Promise<void>) => Promise<void>;

async function runTogether(
  requests: readonly (() => Promise<unknown>)[],
  options: RunOptions,
  enter: Enter,
): Promise<string[]> {
  let changed = (): void => {};
  const participants = ([0, 1] as const).map((who): Participant => ({ who, pending: [], isDone: false }));
  const ends = requests.map(async (request, at) => {
    const participant = participants[at] as Participant;
    await enter({ participant, options, changed: () => changed() }, async () => {
      await request().finally(() => {
        participant.isDone = true;
        changed();
      });
    });
  });
  const settled = Promise.allSettled(ends);
  const done: string[] = [];
  for (;;) {
    while (participants.some(isBetweenGates))
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
    const next = chooseNext(participants, options);
    if (!next) break;
    await next.proceed();
    done.push(next.operation);
    options.check(done);
  }
  const failed = (await settled).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return done;
}

const isBetweenGates = ({ isDone, pending }: Participant): boolean => !isDone && pending.length === 0;

function chooseNext(participants: readonly Participant[], options: RunOptions): Pending | undefined {
  const ready = participants.filter(({ isDone }) => !isDone);
  const next = ready.length === 2 ? participants[options.choose()] : ready[0];
  const pending = next?.pending.shift();
  const who = next?.who === 0 ? 'first' : 'second';
  return pending && { ...pending, operation: `${who}: ${pending.operation}` };
}

/** Every sequence of choices, depth first: each run records how far it chose, and the next one differs at the end. */
export class EveryOrder {
  private readonly path: (0 | 1)[] = [];
  private at = 0;

  begin(): void {
    this.at = 0;
  }

  choose(): 0 | 1 {
    if (this.at === this.path.length) this.path.push(0);
    return this.path[this.at++] as 0 | 1;
  }

  /** @returns false after the last sequence */
  advance(): boolean {
    this.path.length = this.at;
    while (this.path.at(-1) === 1) this.path.pop();
    if (this.path.length === 0) return false;
    this.path[this.path.length - 1] = 1;
    return true;
  }
}
