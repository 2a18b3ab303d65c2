import type { Records } from '../../shared/records.ts';
import type { Tools } from '../../shared/tools.ts';
import type { ResumeConfig } from './config.ts';
import type { Hold } from './hold.ts';

/** What one invocation of ResumeDeployments works with. */
export interface Round {
  readonly config: ResumeConfig;
  readonly tools: Tools;
  readonly use: Records<Hold>;
}

/** A deployment that could not be dealt with, and why. */
export interface Failure {
  readonly deployment: string;
  readonly error: unknown;
}

/** How many pipelines are asked about at once: CodePipeline allows an account few calls a second. */
export const CALLS_AT_ONCE = 5;

export function failuresOf(deployments: Iterable<string>, error: unknown): Failure[] {
  return [...deployments].map((deployment) => ({ deployment, error }));
}
