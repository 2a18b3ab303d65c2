import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Plugin } from 'esbuild';
import { expect, test } from 'vitest';
import { rewrite } from '../../build/plugins.ts';
import { dropMethods } from '../../build/rewrites.ts';
import { slimming } from '../../build/slim.ts';
import { build } from '../../build.ts';
import { declareFunction, makeProject } from '../support/bundles/project.ts';

const SHARED = join(import.meta.dirname, '../../shared');

// Everything that the pack does with the logger and the metrics, through its own handler.
const TALKER = `
  import { lambda } from ${JSON.stringify(join(SHARED, 'handlers/lambda.ts'))};
  import { addCount } from ${JSON.stringify(join(SHARED, 'metrics.ts'))};
  export const handler = lambda((event, runner) =>
    runner.runWithDeadline(async ({ logger, metrics }) => {
      logger.appendKeys({ pipeline: event.pipeline });
      logger.debug('started', { attempt: 1 });
      logger.info('hold opened', { ids: ['i-1', 'i-2'], password: 'hunter2', n: 10n });
      logger.warn('hold dropped: pipeline edited', { message: 'reserved', level: 'reserved' });
      logger.error('hold failed', { error: new TypeError('no such stage', { cause: new Error('gone') }) });
      addCount(metrics, 'HoldOpened');
      addCount(metrics, 'StageFailed', 3);
      if (event.fails) throw new RangeError('out of range');
    }, () => undefined));
`;

test.each([
  ['usually', {}],
  ['at the level of debug', { POWERTOOLS_LOG_LEVEL: 'DEBUG' }],
  ['at a level that Lambda limits', { POWERTOOLS_LOG_LEVEL: 'INFO', AWS_LAMBDA_LOG_LEVEL: 'WARN' }],
  ['with samples', { POWERTOOLS_LOGGER_SAMPLE_RATE: '1' }],
  ['for people', { POWERTOOLS_DEV: 'true' }],
  ['without metrics', { POWERTOOLS_METRICS_DISABLED: 'true' }],
])('a slim bundle logs and counts the same %s', async (_, environment) => {
  const [expected, actual] = [await listLines([], environment), await listLines(slimming, environment)];

  expect(actual).toEqual(expected);
  expect(actual).toContain('hold failed');
  expect(actual).not.toContain('hunter2');
});

// A proof that could not fail would be none.
test('leaving out a method that is needed is noticed', async () => {
  const filter = /powertools[\\/]logger[\\/].*[\\/]Logger\.js$/;
  const drop = rewrite('drop-needed', { filter }, (source) => dropMethods(source, ['appendKeys']));

  expect(await listLines([drop, ...slimming], {})).not.toEqual(await listLines(slimming, {}));
});

test('a method that is left out says so', async () => {
  const script = `
    import { Logger } from '@aws-lambda-powertools/logger';
    import { Metrics } from '@aws-lambda-powertools/metrics';
    const tell = (call) => { try { call(); } catch (error) { console.log(error.message); } };
    tell(() => new Logger().createChild());
    tell(() => new Metrics().logMetrics());
  `;

  expect(await run(slimming, script, {})).toBe(
    'This method is left out of the bundles: see build/slim.ts.\n'.repeat(2),
  );
});

/** The lines of two invocations, the second of which fails, without what differs from run to run. */
async function listLines(
  plugins: readonly Plugin[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const context = '{ awsRequestId: "r", functionName: "Talker", getRemainingTimeInMillis: () => 10_000 }';
  const calls = [`{ pipeline: "p" }`, `{ pipeline: "q", fails: true }`].map(
    (event) => `await handler(${event}, ${context}).catch((error) => console.log(error.name));`,
  );
  const lines = await run(plugins, TALKER, environment, calls.join('\n'));
  return lines
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/"Timestamp": ?\d+/g, '"Timestamp":0')
    .replaceAll(/"stack": ?"[^"]*"/g, '"stack":"<places>"');
}

async function run(
  plugins: readonly Plugin[],
  source: string,
  environment: Readonly<Record<string, string>>,
  calls = '',
): Promise<string> {
  using project = makeProject({
    'template.yaml': declareFunction('Talker', 'talker.ts'),
    'talker.ts': source,
  });
  await build({ root: project.root, plugins });
  const file = pathToFileURL(join(project.root, 'dist/Talker/index.mjs')).href;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', `const { handler } = await import(${JSON.stringify(file)});\n${calls}`],
    { env: { AWS_REGION: 'eu-central-1', POWERTOOLS_METRICS_NAMESPACE: 'Groundcrew', ...environment } },
  );
  return stdout + stderr;
}
