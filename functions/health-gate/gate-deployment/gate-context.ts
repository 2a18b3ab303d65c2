import type { Invocation } from '#shared/invocation.ts';
import type { GateConfig } from '../config.ts';
import type { GateJob } from './event.ts';

/** What one invocation of GateDeployment works with. */
export interface GateContext {
  readonly job: GateJob;
  readonly config: GateConfig;
  readonly invocation: Invocation;
}
