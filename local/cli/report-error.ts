import { EndpointError } from '../account/external-endpoint.ts';
import { ReleaseError } from '../release/changelog.ts';
import { UnknownFunctionError } from '../runtime/functions.ts';
import { ScenarioFolderError } from '../scenario-kit/discover.ts';
import { Refused } from './arguments.ts';

const forPeople = [Refused, EndpointError, ReleaseError, ScenarioFolderError, UnknownFunctionError];

/** The error as text. A request that cannot be met has a message that says all; any other error needs its stack. */
export function describeError(error: unknown): string {
  const isForPeople = forPeople.some((known) => error instanceof known);
  if (!(error instanceof Error)) return String(error);
  return isForPeople ? error.message : (error.stack ?? error.message);
}

export function reportAndExit(error: unknown): never {
  console.error(describeError(error));
  process.exit(1);
}
