import type { PolicyConfig } from '../config.ts';
import type { Choice } from '../domain/choose-instances.ts';
import type { TerminationRequest } from '../domain/termination-request.ts';

export interface TerminationAnswer {
  readonly InstanceIDs: readonly string[];
}

export const NOBODY: TerminationAnswer = { InstanceIDs: [] };

/** A dry run names every candidate: then the next policy of the group chooses among them, as without this function. */
export function toAnswer(
  { candidates }: TerminationRequest,
  choices: readonly Choice[],
  { dryRun }: Pick<PolicyConfig, 'dryRun'>,
): TerminationAnswer {
  return { InstanceIDs: (dryRun ? candidates : choices).map(({ instanceId }) => instanceId) };
}
