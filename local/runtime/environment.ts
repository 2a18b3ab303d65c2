import { mapping, optionalText } from '../json.ts';
import type { Resource } from '../stack/stack.ts';
import { type Mount, rewritePaths } from './file-systems.ts';

export interface Surroundings {
  readonly region: string;
  /** Where the account answers. */
  readonly endpoint: string;
  readonly accessKey: string;
  /** The folder with the function's bundle. */
  readonly taskRoot: string;
  readonly runtimeApi: string;
  readonly clockOffset: number;
  readonly mount?: Mount | undefined;
}

/** The whole environment of a function's process: the template's variables and what Lambda sets, nothing of ours. */
export function environmentOf(lambda: Resource, around: Surroundings): NodeJS.ProcessEnv {
  const { properties, name } = lambda;
  const logging = mapping(properties.LoggingConfig);
  return {
    ...variablesOf(lambda, around.mount),
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryOf(lambda)),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: optionalText(logging.LogGroup) ?? `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `[$LATEST]${around.accessKey.toLowerCase()}`,
    ...(logging.LogFormat === 'JSON' && {
      AWS_LAMBDA_LOG_FORMAT: 'JSON',
      AWS_LAMBDA_LOG_LEVEL: optionalText(logging.ApplicationLogLevel) ?? 'INFO',
    }),
    AWS_EXECUTION_ENV: `AWS_Lambda_${properties.Runtime}`,
    AWS_REGION: around.region,
    AWS_DEFAULT_REGION: around.region,
    AWS_ACCESS_KEY_ID: around.accessKey,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_ENDPOINT_URL: around.endpoint,
    AWS_LAMBDA_RUNTIME_API: around.runtimeApi,
    LAMBDA_TASK_ROOT: around.taskRoot,
    _HANDLER: String(properties.Handler),
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    // Both taken out again by preload.cjs.
    GROUNDCREW_CLOCK_OFFSET: String(around.clockOffset),
    ...(around.mount && { GROUNDCREW_MOUNT: around.mount.folder }),
  };
}

/** Megabytes. */
export function memoryOf({ properties }: Resource): number {
  return Number(properties.MemorySize ?? 128);
}

function variablesOf({ properties }: Resource, mount: Mount | undefined): Record<string, string> {
  const variables = mapping(mapping(properties.Environment).Variables);
  const write = (value: unknown): string => (mount ? rewritePaths(String(value), mount) : String(value));
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, write(value)]));
}
