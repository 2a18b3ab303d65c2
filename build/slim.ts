import type { Plugin } from 'esbuild';
import { sharedBoilerplate } from './boilerplate.ts';
import { bucketsWithS3 } from './buckets.ts';
import { ownBuiltins } from './builtins.ts';
import { smallEndpoints } from './endpoints.ts';
import { errorClasses } from './error-classes.ts';
import { replace, rewrite, substitute } from './plugins.ts';
import { dropMethods, keepVersion, readItemsAtOnce, shareDateParser, shortenErrors } from './rewrites.ts';
import { usedSchemas } from './schemas.ts';
import { sharedStrings } from './strings.ts';

/**
 * What makes a bundle a third of its size: each plugin drops bytes that never run on Lambda and leaves every request
 * and reply as it is. What could still be asked for by a setting or a new operation throws, and says so. The proof is
 * in test/bundles: parity (operations, errors), calls (retries, signatures) and endpoints (every Region).
 */
export const slimming: readonly Plugin[] = [
  usedSchemas,

  // Each error class says its names three times, in 200 bytes.
  rewrite(
    'short-errors',
    {
      filter: /@aws-sdk[\\/]client-[\w-]+[\\/].*[\\/]models[\\/]errors\.js$/,
      given: /client-[\w-]+\/dist-es\/models\/errors/,
    },
    shortenErrors,
  ),
  errorClasses,

  smallEndpoints,

  // Holds on to the table of Regions for resolvers that want it. Each of those sets it once more itself.
  rewrite(
    'endpoint-functions',
    { filter: /@aws-sdk[\\/]core[\\/].*[\\/]util-endpoints[\\/]aws\.js$/ },
    (source) => source.replace(/^customEndpointFunctions\.aws = .*$/m, ''),
  ),

  // The clients read their version from their whole package.json.
  rewrite('bare-versions', { filter: /@aws-sdk[\\/]client-[\w-]+[\\/]package\.json$/ }, keepVersion),

  // Lambda puts credentials into the environment: no SSO, profiles, STS or metadata service are ever asked.
  substitute('environment-credentials', { filter: /^@aws-sdk\/credential-provider-node$/ }, [
    `import { fromEnv } from '@aws-sdk/credential-provider-env';`,
    'export const defaultProvider = fromEnv;',
  ]),

  // Lambda has no ~/.aws, and looking for it costs every client two failed reads. A laptop's must not steer a function.
  replace('no-profiles', { filter: /@smithy[\\/]core[\\/].*[\\/]fromSharedConfigFiles\.js$/ }, [
    'export const fromSharedConfigFiles = () => async () => {',
    `  throw Object.assign(new Error('The bundles read no profiles.'), { tryNextLink: true });`,
    '};',
  ]),

  // Lambda sets AWS_REGION, and there is no metadata service to ask.
  replace('environment-region', { filter: /@smithy[\\/]core[\\/].*[\\/]getInstanceMetadataRegion\.js$/ }, [
    'export const getInstanceMetadataRegion = async () => undefined;',
  ]),

  // Clients with an operation that streams events (Lambda, S3) prepare for it when they are made.
  substitute(
    'no-event-stream-settings',
    {
      filter: /^@smithy\/core\/event-streams$/,
      given: /@aws-sdk\/client-(lambda|s3)\/dist-es\//,
      whole: /@smithy[\\/]core[\\/]/,
    },
    [
      'export const eventStreamSerdeProvider = () => undefined;',
      'export const resolveEventStreamSerdeConfig = (config) => config;',
    ],
  ),

  // Streams of events, and a way to errors that the protocols of the clients do not take.
  rewrite('no-streamed-events', { filter: /@smithy[\\/]core[\\/].*[\\/]HttpProtocol\.js$/ }, (source) =>
    dropMethods(source, [
      'serializeEventStream',
      'deserializeEventStream',
      'loadEventStreamCapability',
      'getEventStreamMarshaller',
      'resolveEventStreamMarshaller',
      'resolveError',
    ]),
  ),

  // Signs links that work without credentials, and events of a stream. The pack sends requests only.
  rewrite('signed-requests', { filter: /@smithy[\\/]signature-v4[\\/].*[\\/]SignatureV4\.js$/ }, (source) =>
    dropMethods(source, ['presign', 'signEvent', 'signMessage']),
  ),

  replace('no-event-signatures', { filter: /@smithy[\\/]signature-v4[\\/].*[\\/]HeaderFormatter\.js$/ }, [
    'export class HeaderFormatter {',
    `  format() { throw new Error('Event streams are left out of the bundles: see build/slim.ts.'); }`,
    '}',
    'export const Int64 = undefined;',
  ]),

  // Signs for many Regions at once with packages that are not installed. EventBridge's client takes it for all its
  // calls and has it sign those for one Region, which are all, as any other client does. S3's signs with the
  // credentials of directory buckets besides, and keeps it whole.
  substitute(
    'one-region-signatures',
    {
      filter: /^@aws-sdk\/signature-v4-multi-region$/,
      given: /@aws-sdk\/client-(eventbridge|sts)\/dist-es\//,
      whole: /@aws-sdk[\\/](client|middleware-sdk)-s3/,
    },
    [
      `import { SignatureV4 } from '@smithy/signature-v4';`,
      `export class SignatureV4MultiRegion extends SignatureV4 { static sigv4aDependency() { return 'none'; } }`,
    ],
  ),

  replace('one-region-signer', { filter: /@aws-sdk[\\/]core[\\/].*[\\/]AwsSdkSigV4ASigner\.js$/ }, [
    'export class AwsSdkSigV4ASigner {',
    `  sign() { throw new Error('Signatures for many Regions are left out of the bundles: see build/slim.ts.'); }`,
    '}',
  ]),

  // Only AWS_RETRY_MODE=adaptive asks for it, which would hold calls back for longer than createClient's deadlines.
  replace(
    'standard-retries',
    { filter: /@smithy[\\/]core[\\/].*[\\/]util-retry[\\/]AdaptiveRetryStrategy\.js$/ },
    [
      'export class AdaptiveRetryStrategy {',
      `  constructor() { throw new Error('Adaptive retries are left out of the bundles: see build/slim.ts.'); }`,
      '}',
    ],
  ),

  // Clients log their calls to a logger that they are given. The pack gives none, and logs its calls itself.
  replace('no-client-loggers', { filter: /@aws-sdk[\\/]core[\\/].*[\\/]loggerMiddleware\.js$/ }, [
    `import { NoOpLogger } from '@smithy/core/client';`,
    'export const loggerMiddleware = undefined;',
    'export const loggerMiddlewareOptions = undefined;',
    'export const getLoggerPlugin = ({ logger }) => ({ applyToStack() {',
    '  if (logger instanceof NoOpLogger) return;',
    `  throw new Error('Loggers of clients are left out of the bundles: see build/slim.ts.');`,
    '} });',
  ]),
  replace('no-logged-payloads', { filter: /@smithy[\\/]core[\\/].*[\\/]schemaLogFilter\.js$/ }, [
    'export function schemaLogFilter() {}',
  ]),

  // Warn of old versions of Node. Templates and tests are fixed to a newer one.
  replace(
    'no-version-warnings-sdk',
    { filter: /@aws-sdk[\\/]core[\\/].*[\\/]emitWarningIfUnsupportedVersion\.js$/ },
    [
      'export const emitWarningIfUnsupportedVersion = () => {};',
      'export const state = { warningEmitted: true };',
    ],
  ),
  replace(
    'no-version-warnings-smithy',
    { filter: /@smithy[\\/]core[\\/].*[\\/]emitWarningIfUnsupportedVersion\.js$/ },
    ['export const emitWarningIfUnsupportedVersion = () => {};'],
  ),

  bucketsWithS3,

  sharedBoilerplate,

  // Extensions are plug-ins that a client is given, and the pack gives none. What runs without any stays: it hands the
  // connection its time-out.
  substitute('no-extensions', { filter: /^\.\/runtimeExtensions$/ }, [
    `import { getHttpHandlerExtensionConfiguration } from '@smithy/core/protocols';`,
    'export function resolveRuntimeExtensions(config, { length }) {',
    `  if (length > 0) throw new Error('Extensions are left out of the bundles: see build/slim.ts.');`,
    '  getHttpHandlerExtensionConfiguration(config);',
    '  return config;',
    '}',
  ]),

  // JavaScript checksums for a Node without its own. (MD5 stays: Node in FIPS mode has none.)
  rewrite(
    'native-checksums',
    { filter: /(@smithy[\\/]core|checksums)[\\/].*[\\/](Crc32|Sha1|Sha256)Js\.js$/ },
    (source) =>
      source
        .replace(/^export class (\w+) [\s\S]*/m, 'export const $1 = undefined;')
        .replace(/^import .*$/gm, ''),
  ),

  // JSON requests are bytes, on which the SDK still answers the string methods of its former strings, with a warning.
  replace('plain-bytes', { filter: /@smithy[\\/]core[\\/].*[\\/]JsonBytesStringAdapter\.js$/ }, [
    'export const JsonBytesStringAdapter = Buffer;',
  ]),

  // The JSON protocols read times with functions of their own, the others with these.
  rewrite(
    'one-date-parser',
    { filter: /@smithy[\\/]core[\\/].*[\\/]serde[\\/]date-utils\.js$/ },
    shareDateParser,
  ),

  // Not for size: of a page of items, each value is read by its schema again, which takes longer than all else.
  rewrite(
    'items-at-once',
    {
      filter: /@aws-sdk[\\/]dynamodb-codec[\\/].*[\\/]DynamoDBJsonCodec2\.js$/,
      given: /@aws-sdk\/client-dynamodb\/dist-es\//,
    },
    readItemsAtOnce,
  ),

  // DynamoDB's client creates a cache for endpoint discovery, but no operation uses endpoint discovery.
  substitute(
    'no-endpoint-discovery',
    { filter: /^@aws-sdk\/middleware-endpoint-discovery$/, given: /@aws-sdk\/client-dynamodb\/dist-es\// },
    [
      'export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = { environmentVariableSelector: () => false };',
      'export const resolveEndpointDiscoveryConfig = (config) => config;',
    ],
  ),

  // Decorators of classes, children and other ways to what the pack does in one way.
  rewrite(
    'used-log-methods',
    {
      filter: /@aws-lambda-powertools[\\/]logger[\\/].*[\\/]Logger\.js$/,
      given: /@aws-lambda-powertools\/logger\//,
    },
    (source) =>
      dropMethods(source, [
        'createChild',
        'injectLambdaContext',
        'injectLambdaContextAfterOrOnError',
        'addPersistentLogAttributes',
        'removePersistentKeys',
        'removePersistentLogAttributes',
        'setPersistentLogAttributes',
        'setCorrelationId',
      ]),
  ),
  rewrite(
    'used-metric-methods',
    {
      filter: /@aws-lambda-powertools[\\/]metrics[\\/].*[\\/]Metrics\.js$/,
      given: /@aws-lambda-powertools\/metrics\//,
    },
    (source) =>
      dropMethods(source, ['addDimensions', 'captureColdStartMetric', 'logMetrics', 'setTimestamp']),
  ),

  // Asks whether a body is a file that is being read, and the class of those loads all of Node's streams and readline.
  replace('no-file-bodies', { filter: /@smithy[\\/]core[\\/].*[\\/]calculateBodyLength\.js$/ }, [
    'export const calculateBodyLength = (body) => {',
    '  if (!body) return 0;',
    `  if (typeof body === 'string') return Buffer.byteLength(body);`,
    '  const { byteLength, size, start, end } = body;',
    `  if (typeof byteLength === 'number') return byteLength;`,
    `  if (typeof size === 'number') return size;`,
    `  if (typeof start === 'number' && typeof end === 'number') return end + 1 - start;`,
    `  throw new Error("Body Length computation failed for " + body);`,
    '};',
  ]),

  // Asks the global `crypto` first, which loads all of WebCrypto.
  replace('own-uuids', { filter: /@smithy[\\/]core[\\/].*[\\/]uuid[\\/]v4\.js$/ }, [
    `import { randomUUID } from 'node:crypto';`,
    'export function bindV4() { return () => randomUUID(); }',
  ]),

  ownBuiltins,
  sharedStrings,
];
