import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDeclared } from '../../../build/declared.ts';
import { build } from '../../../build.ts';
import { bundlesFor, readInspector } from '../../../local/cli/inspector.ts';
import { createClock } from '../../../local/clock.ts';
import { createPool, type Pool } from '../../../local/runtime/pool.ts';
import { declareFunction, makeProject } from '../../support/bundles/project.ts';
import { ROOT } from '../../support/template.ts';
import { bundleTrial } from '../fixtures/bundle.ts';

let trial: Awaited<ReturnType<typeof bundleTrial>>;

beforeAll(async () => {
  trial = await bundleTrial('Trial');
});

afterAll(() => trial.remove());

interface Debugged {
  readonly pool: Pool;
  /** Resolves when the process waits for a debugger. */
  readonly address: Promise<string>;
}

function startInspected(): Debugged {
  const opened = Promise.withResolvers<string>();
  const properties = { Handler: 'index.handler', Runtime: 'nodejs24.x', MemorySize: 256, Timeout: 1 };
  const pool = createPool({
    lambda: { id: 'Trial', type: 'AWS::Lambda::Function', name: 'trial', metadata: {}, properties },
    functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:trial',
    region: 'eu-west-1',
    endpoint: 'http://127.0.0.1:9',
    taskRoot: `${trial.dist}/Trial`,
    clock: createClock(),
    accessKey: (process) => `TRIAL${process}`,
    inspector: { port: 0, onOpen: opened.resolve },
  });
  return { pool, address: opened.promise };
}

/** A debugger: sends one command of the inspector's protocol at a time and returns its result. */
async function attach(address: string) {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  let id = 0;
  return {
    send: async (method: string, params: object = {}): Promise<unknown> => {
      id += 1;
      socket.send(JSON.stringify({ id, method, params }));
      for (;;) {
        const [{ data }] = await once(socket, 'message');
        const message = JSON.parse(data);
        if (message.id === id) return message.result;
      }
    },
    close: () => socket.close(),
  };
}

describe('an inspected function', { timeout: 600_000 }, () => {
  it('waits for a debugger on the loopback interface, and then runs as ever', async () => {
    const { pool, address } = startInspected();
    const invoked = pool.invoke(JSON.stringify({ do: 'environment' }));
    expect(await address).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\//);
    expect(pool.finished).toEqual([]);

    const debug = await attach(await address);
    const expression = 'process.env.AWS_LAMBDA_FUNCTION_NAME';
    expect(await debug.send('Runtime.evaluate', { expression })).toMatchObject({
      result: { value: 'trial' },
    });
    await debug.send('Runtime.runIfWaitingForDebugger');

    const result = await invoked;
    const environment = JSON.parse(
      result.ok ? result.payload : expect.unreachable(result.error.errorMessage),
    );
    expect(environment).toMatchObject({ AWS_LAMBDA_FUNCTION_NAME: 'trial' });
    expect(Object.keys(environment).filter((name) => name.startsWith('GROUNDCREW'))).toEqual([]);
    debug.close();
    await pool.close();
  });

  it('may take longer than its time limit', async () => {
    const { pool, address } = startInspected();
    const file = join(trial.dist, 'inspected');
    const invoked = pool.invoke(JSON.stringify({ do: 'until', file }));
    const debug = await attach(await address);
    await debug.send('Runtime.runIfWaitingForDebugger');

    await sleep(2000); // twice its time limit
    await writeFile(file, '');

    expect(await invoked).toMatchObject({ ok: true });
    expect(await pool.invoke(JSON.stringify({ do: 'remaining' }))).toMatchObject({
      ok: true,
      payload: expect.stringMatching(/^8\d{7}$/), // most of a day
    });
    debug.close();
    await pool.close();
  });

  it('gives its calls as much time', async () => {
    const { pool, address } = startInspected();
    const invoked = pool.invoke(JSON.stringify({ do: 'time limit' }));
    const debug = await attach(await address);
    await debug.send('Runtime.runIfWaitingForDebugger');

    expect(await invoked).toMatchObject({ ok: true, payload: '"no limit struck"' });
    debug.close();
    await pool.close();
  });

  it('is killed with its pool while it waits', async () => {
    const { pool, address } = startInspected();
    const invoked = pool.invoke('{}');
    await address;

    await pool.close();

    expect(await invoked).toMatchObject({ ok: false });
    await expect(fetch((await address).replace(/^ws/, 'http'))).rejects.toThrow('fetch failed');
  });
});

describe('bundles for a debugger', { timeout: 600_000 }, () => {
  it('have readable code and a source map that leads to the source', async () => {
    using project = makeProject({
      'template.yaml': declareFunction('Here', 'functions/here.ts'),
      'functions/here.ts':
        'export const handler = async (spokenName: string): Promise<string> => spokenName;\n',
    });
    const { functions } = await build({ root: project.root, outdir: 'debug', debuggable: true });
    const file = functions[0]?.file ?? '';

    expect(readFileSync(file, 'utf8')).toContain('spokenName');
    expect(readFileSync(file, 'utf8')).toContain('//# sourceMappingURL=index.mjs.map');
    const { sources } = JSON.parse(readFileSync(`${file}.map`, 'utf8'));
    expect(sources).toEqual(['../../functions/here.ts']);
  });
});

describe('.vscode/launch.json', () => {
  const launch = JSON.parse(readFileSync(join(ROOT, '.vscode/launch.json'), 'utf8'));

  it('offers every function of the templates', () => {
    const { options } = launch.inputs.find(({ id }: { id: string }) => id === 'function');
    expect(options.toSorted()).toEqual(
      readDeclared(ROOT)
        .map(({ id }) => id)
        .toSorted(),
    );
  });

  it('attaches where GROUNDCREW_INSPECT opens the inspector', () => {
    const [attaching, playing] = launch.configurations;
    const { functionId, port } = readInspector({ GROUNDCREW_INSPECT: 'CordonInstances' }, () => {}) ?? {};
    expect(functionId).toBe('CordonInstances');
    expect(attaching.port).toBe(port);
    expect(playing.env).toEqual({ GROUNDCREW_INSPECT: '${input:function}' });
    const { outdir } = bundlesFor({ functionId: 'Any', port: 0, onOpen: () => {} });
    expect(attaching.outFiles).toEqual([`\${workspaceFolder}/${relative(ROOT, outdir)}/**/*.mjs`]);
  });
});

describe('GROUNDCREW_INSPECT', () => {
  it.each<[string | undefined, object | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['CordonInstances', { functionId: 'CordonInstances', port: 9229 }],
    ['CordonInstances:0', { functionId: 'CordonInstances', port: 0 }],
  ])('%s is understood', (value, expected) => {
    const read = readInspector({ GROUNDCREW_INSPECT: value }, () => {});
    if (expected) expect(read).toMatchObject(expected);
    else expect(read).toBeUndefined();
  });

  it.each(['a b', 'CordonInstances:', 'CordonInstances:99999'])('%s is refused', (value) => {
    expect(() => readInspector({ GROUNDCREW_INSPECT: value }, () => {})).toThrow(
      `GROUNDCREW_INSPECT is ${value}: expected a function`,
    );
  });
});
