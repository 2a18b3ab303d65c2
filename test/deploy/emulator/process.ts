import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { accountId, region } from '../../../local/account/account.ts';
import { ROOT } from '../../support/template.ts';
import { installMiniStack } from '../tools/install.ts';

const run = promisify(execFile);
const logs = join(ROOT, '.groundcrew/ministack');
const script = (name: string): string => join(import.meta.dirname, name);

/** A running MiniStack. It listens on loopback only and stops when this process stops. */
export interface MiniStack {
  readonly url: string;
  /** Holds a folder for each EFS access point. */
  readonly fileSystems: string;
  /** The environment for AWS tools that use this account. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs a command of describe.py and returns its answer. */
  describe(command: 'inventory' | 'stack' | 'logs', ...args: readonly string[]): Promise<unknown>;
  /** Runs probe.py, which tells for each entry of gaps.ts whether this MiniStack has that gap. */
  probe(): Promise<unknown>;
  close(): Promise<void>;
}

export interface MiniStackOptions {
  /** Its log is `.groundcrew/ministack/<name>.log`, which stays for whoever reads a failed test. */
  readonly name: string;
  readonly port: number;
  /** The endpoint that functions get. */
  readonly endpoint: string;
  /** Leaves out the corrections that gaps.ts names. */
  readonly plain?: boolean;
}

export async function startMiniStack({ name, port, endpoint, plain }: MiniStackOptions): Promise<MiniStack> {
  const python = await installMiniStack(console.error);
  const home = mkdtempSync(join(tmpdir(), 'groundcrew-ministack-'));
  const fileSystems = join(home, 'file-systems');
  mkdirSync(fileSystems);
  const url = `http://127.0.0.1:${port}`;
  mkdirSync(logs, { recursive: true });
  const log = join(logs, `${name}.log`);
  const logFile = openSync(log, 'w');
  const child = spawn(python, [script('start.py')], {
    env: {
      ...toolEnvironment(endpoint, home),
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: '127.0.0.1',
      MINISTACK_ACCOUNT_ID: accountId,
      MINISTACK_REGION: region,
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      GROUNDCREW_FILE_SYSTEMS: fileSystems,
      ...(plain && { GROUNDCREW_PLAIN: '1' }),
    },
    stdio: ['pipe', logFile, logFile],
  });
  closeSync(logFile);
  const exited = once(child, 'exit');
  await untilReady(url, () => {
    if (child.exitCode !== null)
      throw new Error(`MiniStack does not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
  });
  const env = toolEnvironment(url, home);
  const runScript = async (name: string, ...args: readonly string[]): Promise<unknown> => {
    const { stdout } = await run(python, [script(name), ...args], { env, maxBuffer: 1 << 26 });
    return JSON.parse(stdout);
  };
  return {
    url,
    fileSystems,
    env,
    describe: (...args) => runScript('describe.py', ...args),
    probe: () => runScript('probe.py'),
    close: async () => {
      child.kill();
      await exited;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Invented credentials, no configuration of the machine, no telemetry, and this Node for functions. */
function toolEnvironment(endpoint: string, home: string): NodeJS.ProcessEnv {
  return {
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    HOME: home,
    TMPDIR: home,
    LANG: 'C.UTF-8',
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: accountId,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(home, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(home, 'no-credentials'),
    PYTHONDONTWRITEBYTECODE: '1',
    SAM_CLI_TELEMETRY: '0',
  };
}

async function untilReady(url: string, check: () => void): Promise<void> {
  for (;;) {
    const reply = await fetch(`${url}/_ministack/ready`).catch(() => undefined);
    if (reply?.ok) return;
    check();
    await sleep(100);
  }
}

export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}
