import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { build } from '../../../build.ts';
import { declareFunction, makeProject } from './project.ts';
import type { Operation } from './schema-operations.ts';

/** What the tests use of the SDK's NormalizedSchema. */
export interface Shape {
  getName(withNamespace?: boolean): string | undefined;
  getMergedTraits(): Readonly<Record<string, unknown>>;
  getMemberTraits(): Readonly<Record<string, unknown>>;
  getKeySchema(): Shape;
  getValueSchema(): Shape;
  getMemberSchemas(): Readonly<Record<string, Shape>>;
  getSchema(): unknown;
  isBlobSchema(): boolean;
  isBooleanSchema(): boolean;
  isListSchema(): boolean;
  isMapSchema(): boolean;
  isNumericSchema(): boolean;
  isStringSchema(): boolean;
  isStructSchema(): boolean;
  isTimestampSchema(): boolean;
  isUnionSchema(): boolean;
  isUnitSchema(): boolean;
}

export interface SdkClient {
  readonly config: {
    readonly protocol: { getShapeId(): string };
    readonly endpointProvider: (parameters: object) => { readonly url: URL };
    region(): Promise<string>;
    useFipsEndpoint(): Promise<boolean>;
    useDualstackEndpoint(): Promise<boolean>;
    signer(
      scheme: object,
    ): Promise<Readonly<Record<string, ((request: object) => Promise<unknown>) | undefined>>>;
  };
  send(command: object): Promise<Readonly<Record<string, unknown>>>;
  destroy(): void;
}

export interface ProbedOperation {
  readonly Client: new (settings: object) => SdkClient;
  readonly Command: new (input: unknown) => object;
  /** [9, namespace, name, traits, input, output]; the last two lazy. */
  readonly schema: readonly unknown[];
}

/** A bundle's SDK: its operations by `client/name`, its error schemas by client. */
export interface Probe {
  readonly operations: Readonly<Record<string, ProbedOperation>>;
  readonly errors: Readonly<Record<string, readonly unknown[]>>;
  readonly shapeOf: (schema: unknown) => Shape;
  /** What the SDK's retry makes of an error. */
  readonly judgesOf: Readonly<Record<string, (error: unknown) => boolean>>;
  /** How the SDK reads and writes times, by the names of its functions. */
  readonly times: Readonly<Record<string, (value: unknown) => unknown>>;
  /** The pack's own, as its functions call it. */
  readonly createClient: <C>(Client: new (settings: object) => C, options?: object) => C;
}

const ROOT = join(import.meta.dirname, '../../..');
const JUDGES = 'isClockSkewError, isRetryableByTrait, isServerError, isThrottlingError, isTransientError';
const TIMES = 'dateToUtcString, parseEpochTimestamp, parseRfc3339DateTimeWithOffset, parseRfc7231DateTime';

/** Builds a function that holds these operations, as the pack's functions are built, and loads it. */
export async function buildProbe(
  operations: readonly Operation[],
  plugins?: readonly Plugin[],
): Promise<Probe> {
  using project = makeProject({
    'template.yaml': declareFunction('Probe', 'probe.ts'),
    'probe.ts': writeProbe(operations),
  });
  await build({ root: project.root, ...(plugins && { plugins }) });
  const require = createRequire(import.meta.url);
  return require(join(project.root, 'dist/Probe/index.mjs'));
}

function writeProbe(operations: readonly Operation[]): string {
  const clients = [...new Set(operations.map(({ client }) => client))];
  const aliases = new Map(clients.map((client, index) => [client, `c${index}`]));
  const imports = clients.map((client) => {
    const names = operations.filter((one) => one.client === client).map(({ name }) => name);
    const alias = aliases.get(client);
    const members = names.flatMap((name) => [
      `${name}Command as ${alias}${name}`,
      `${name}$ as ${alias}${name}$`,
    ]);
    const shared = [`${clientClass(client)} as ${alias}`, `errorTypeRegistries as ${alias}errors`];
    return `import { ${[...shared, ...members].join(', ')} } from '@aws-sdk/${client}';`;
  });
  const entries = operations.map(({ client, name }) => {
    const alias = aliases.get(client);
    return `  '${client}/${name}': { Client: ${alias}, Command: ${alias}${name}, schema: ${alias}${name}$ },`;
  });
  const errors = clients.map((client) => `  '${client}': schemasOf(${aliases.get(client)}errors),`);
  return [
    `import { NormalizedSchema } from '@smithy/core/schema';`,
    `import { ${JUDGES} } from '@smithy/core/retry';`,
    `import { ${TIMES} } from '@smithy/core/serde';`,
    `export { createClient } from ${JSON.stringify(join(ROOT, 'shared/aws/client.ts'))};`,
    `export const judgesOf = { ${JUDGES} };`,
    `export const times = { ${TIMES} };`,
    ...imports,
    'const schemasOf = (registries) => registries.flatMap(({ schemas }) => [...schemas.values()]);',
    `export const operations = {\n${entries.join('\n')}\n};`,
    `export const errors = {\n${errors.join('\n')}\n};`,
    'export const shapeOf = (schema) => NormalizedSchema.of(schema);',
  ].join('\n');
}

/** Method, path and status of an operation of REST; the other protocols name none. */
export function httpOf({ schema }: ProbedOperation): readonly unknown[] | undefined {
  const { http } = Object(schema[3]);
  return Array.isArray(http) ? http : undefined;
}

/** client-ec2 exports EC2Client; asked of the package, because no rule gives SQSClient and CodePipelineClient. */
export function clientClass(client: string): string {
  const installed: Record<string, unknown> = createRequire(import.meta.url)(`@aws-sdk/${client}`);
  const name = Object.keys(installed).find(
    (key) => /^[A-Za-z0-9]+Client$/.test(key) && !key.startsWith('__'),
  );
  if (!name) throw new Error(`@aws-sdk/${client} exports no client`);
  return name;
}
