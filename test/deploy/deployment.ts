import { mapping } from '../../local/json.ts';
import type { Mail } from '../../local/wiring/sns-topics.ts';
import { type EmulatedAccount, startEmulatedAccount } from './emulator/account.ts';
import { createWorld, type DeployedWorld } from './emulator/world.ts';
import { runSam } from './sam.ts';

/** A stack as CloudFormation describes it. */
interface DeployedStack {
  readonly status: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** Physical ids by logical id. */
  readonly resources: Readonly<Record<string, string>>;
}

/** A stack that SAM CLI deploys to an emulated account of its own. */
export interface Deployment {
  readonly account: EmulatedAccount;
  /** Through it the helpers of the local scenarios use the stack. */
  readonly world: DeployedWorld;
  /** Runs `sam deploy`. */
  deploy(parameters?: Readonly<Record<string, string>>): Promise<DeployedStack>;
  /** Runs `sam delete`. @returns what the account holds that it did not hold before the first deployment */
  remove(): Promise<readonly string[]>;
  /** Describes a nested stack by its name or id. */
  describeStack(name: string): Promise<DeployedStack>;
  /** The log lines of a function that are JSON. */
  logs(functionId: string): Promise<readonly LogLine[]>;
  /** Reads new mails. @returns all mails so far */
  receiveMails(): Promise<readonly Mail[]>;
  close(): Promise<void>;
}

type LogLine = Readonly<Record<string, unknown>>;

/** `environment` is one of samconfig.toml. */
export async function openDeployment(environment: string, stackName: string): Promise<Deployment> {
  const account = await startEmulatedAccount(environment);
  const { describe, env } = account.ministack;
  let stack: DeployedStack | undefined;
  const current = (): DeployedStack => {
    if (!stack) throw new Error(`${stackName} is not deployed`);
    return stack;
  };
  const inventory = async (): Promise<readonly string[]> => readTexts(await describe('inventory'));
  const before = await inventory();
  const world = createWorld(account, (id) => findResource(current(), id));
  return {
    account,
    world,
    receiveMails: async () => {
      await world.receive();
      return world.mails();
    },
    deploy: async (parameters = {}) => {
      const overrides = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
      const given = overrides.length > 0 ? ['--parameter-overrides', ...overrides] : [];
      const fixed = ['--no-confirm-changeset', '--no-progressbar'];
      await runSam(['deploy', '--config-env', environment, ...fixed, ...given], env);
      stack = readStack(await describe('stack', stackName));
      return stack;
    },
    remove: async () => {
      await runSam(['delete', '--config-env', environment, '--no-prompts'], env);
      const after = await inventory();
      return after.filter((one) => !before.includes(one));
    },
    describeStack: async (name) => readStack(await describe('stack', name)),
    logs: async (functionId) => {
      const lines = readTexts(await describe('logs', findResource(current(), `${functionId}Logs`)));
      return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    },
    close: account.close,
  };
}

function findResource({ resources }: DeployedStack, id: string): string {
  const found = resources[id];
  if (found === undefined) throw new Error(`The stack has no resource ${id}`);
  return found;
}

function readStack(described: unknown): DeployedStack {
  const { status, parameters, outputs, resources } = mapping(described);
  return {
    status: String(status),
    parameters: readMap(parameters),
    outputs: readMap(outputs),
    resources: readMap(resources),
  };
}

const readMap = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(mapping(value)).map(([key, one]) => [key, String(one)]));

const readTexts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
