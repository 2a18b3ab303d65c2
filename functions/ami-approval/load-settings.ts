import { readParameter } from './aws/ssm.ts';
import { type ApprovalSettings, createSettings, type StackSettings } from './domain/pipeline-rules.ts';

export interface SettingsSource extends StackSettings {
  /** The name of the parameter in SSM. Undefined: only the settings of the stack count. */
  readonly settingsParameter: string | undefined;
}

/**
 * Reads the settings again in each invocation, so that a change counts at once. If they are broken, nothing is requested,
 * decided or shared.
 */
export async function loadSettings(source: SettingsSource, signal: AbortSignal): Promise<ApprovalSettings> {
  const { settingsParameter: name } = source;
  return createSettings(source, name === undefined ? undefined : await readParameter(name, signal), name);
}
