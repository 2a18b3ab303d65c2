import type { Invocation } from '#shared/invocation.ts';
import { readParameter } from './aws/ssm.ts';
import type { Context } from './context.ts';
import { createSettings, type StackSettings } from './domain/pipeline-rules.ts';

interface ContextConfig extends StackSettings {
  readonly table: string;
  readonly settingsParameter: string | undefined;
}

/**
 * Reads the settings again in each invocation, so that a change counts at once. If they are broken, nothing is requested
 * or shared.
 */
export async function createContext<Config extends ContextConfig>(
  config: Config,
  invocation: Invocation,
): Promise<Context<Config>> {
  const { settingsParameter, table } = config;
  const { signal } = invocation;
  const settings = createSettings(config, await readParameter(settingsParameter, signal), settingsParameter);
  return { config, invocation, settings, table: { table, signal } };
}
