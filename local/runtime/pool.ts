import { createLogs, type Logs } from './logs.ts';
import { type Invoked, type Sandbox, type SandboxOptions, startSandbox } from './sandbox.ts';
import { readTrigger, type Trigger } from './trigger.ts';

export interface PoolOptions extends Omit<SandboxOptions, 'accessKey' | 'logs'> {
  /** The access key id of the function's n-th process. */
  readonly accessKey: (process: number) => string;
  /** Called with the access key of the process that is about to begin an invocation. */
  readonly beginning?: (accessKey: string) => void;
  /** Default: 10. Further invocations wait. */
  readonly maxProcesses?: number;
}

export interface InvokeOptions {
  /** Runs also if the pool is at its limit. */
  readonly beyondLimit?: boolean;
}

export interface Finished {
  /** On the clock of the pack. */
  readonly at: number;
  /** When it began and ended, as performance.now() has it. */
  readonly begunAt: number;
  readonly endedAt: number;
  readonly process: number;
  readonly cold: boolean;
  readonly trigger: Trigger;
  readonly invoked: Invoked;
}

/** The processes of one function: reused while warm, as many as run at once. */
export interface Pool {
  readonly logs: Logs;
  /** The last invocations, the newest last. */
  readonly finished: readonly Finished[];
  invoke(payload: string, options?: InvokeOptions): Promise<Invoked>;
  /** The payload that a process works on. */
  running(process: number): string | undefined;
  /** The process whose payload contains this text. */
  holder(text: string): number | undefined;
  /** Resolves when it is gone. */
  kill(process: number): Promise<void>;
  /** Ends what is still running and forgets what has run; idle processes stay warm. */
  reset(): Promise<void>;
  /** Lets running invocations finish, then ends every process. The next invocation loads the bundle again. */
  replace(): Promise<void>;
  processes(): number;
  close(): Promise<void>;
}

interface Member {
  readonly number: number;
  readonly accessKey: string;
  readonly sandbox: Sandbox;
  runs: number;
  isReplaced: boolean;
}

const keptInvocations = 200;

export function createPool(options: PoolOptions): Pool {
  const { clock, beginning = () => {} } = options;
  const logs = createLogs();
  const finished: Finished[] = [];
  const crew = createCrew(options, logs);
  const killAll = async (members: readonly Member[]): Promise<void> => {
    await Promise.all(members.map(({ sandbox }) => sandbox.kill()));
  };
  return {
    logs,
    finished,
    invoke: async (payload, { beyondLimit = false } = {}) => {
      const member = await crew.acquire(beyondLimit);
      const [cold, at, begunAt] = [member.runs === 0, clock.now(), performance.now()];
      member.runs += 1;
      beginning(member.accessKey);
      const invoked = await member.sandbox.run(payload);
      crew.release(member);
      const [endedAt, trigger] = [performance.now(), readTrigger(payload)];
      finished.push({ at, begunAt, endedAt, process: member.number, cold, trigger, invoked });
      if (finished.length > keptInvocations) finished.shift();
      return invoked;
    },
    running: (process) => crew.members.get(process)?.sandbox.running(),
    holder: (text) =>
      [...crew.members.values()].find(({ sandbox }) => sandbox.running()?.includes(text))?.number,
    kill: async (process) => crew.members.get(process)?.sandbox.kill(),
    reset: async () => {
      await killAll([...crew.members.values()].filter(({ sandbox }) => sandbox.running() !== undefined));
      logs.clear();
      finished.length = 0;
    },
    replace: () => killAll(crew.replaceAll()),
    processes: () => crew.members.size,
    close: () => killAll([...crew.members.values()]),
  };
}

interface Crew {
  readonly members: ReadonlyMap<number, Member>;
  acquire(beyondLimit: boolean): Promise<Member>;
  release(member: Member): void;
  /** Reuses no process of now. Returns those that are idle. */
  replaceAll(): readonly Member[];
}

/** Hands out the process used last, as Lambda does, or starts another one while the limit allows. */
function createCrew(options: PoolOptions, logs: Logs): Crew {
  const { maxProcesses = 10 } = options;
  const members = new Map<number, Member>();
  const idle: Member[] = [];
  const waiting: (() => void)[] = [];
  let started = 0;
  let places = 0;

  async function acquire(beyondLimit: boolean): Promise<Member> {
    for (;;) {
      const warm = idle.pop();
      if (warm?.sandbox.alive()) return warm;
      if (warm) continue;
      if (places < maxProcesses || beyondLimit) return start();
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  }

  async function start(): Promise<Member> {
    const number = started;
    started += 1;
    places += 1;
    try {
      const member = await startMember(number, options, logs);
      members.set(number, member);
      void member.sandbox.left.then(() => {
        members.delete(number);
        vacate();
      });
      return member;
    } catch (error) {
      vacate();
      throw error;
    }
  }

  function vacate(): void {
    places -= 1;
    waiting.shift()?.();
  }

  return {
    members,
    acquire,
    release: (member) => {
      if (member.isReplaced) void member.sandbox.kill();
      if (!member.sandbox.alive()) return;
      idle.push(member);
      waiting.shift()?.();
    },
    replaceAll: () => {
      for (const member of members.values()) member.isReplaced = true;
      return idle.splice(0);
    },
  };
}

async function startMember(number: number, options: PoolOptions, logs: Logs): Promise<Member> {
  const accessKey = options.accessKey(number);
  const sandbox = await startSandbox({ ...options, logs, accessKey });
  return { number, accessKey, sandbox, runs: 0, isReplaced: false };
}
