import { EndpointError } from '../account/external-endpoint.ts';
import { UnknownFunctionError } from '../runtime/functions.ts';
import { ScenarioFolderError } from '../scenario-kit/discover.ts';
import { Refused } from './arguments.ts';

/** The error as text. A request that cannot be met has a message that says all; any other error needs its stack. */
export function describeError(error: unknown): string {
  const isForPeople = [Refused, EndpointError, ScenarioFolderError, UnknownFunctionError].some(
    (known) => error instanceof known,
  );
  if (!(error instanceof Error)) return String(error);
  return isForPeople ? error.message : (error.stack ?? error.message);
}

export function reportAndExit(error: unknown): never {
  console.error(describeError(error));
  process.exit(1);
}
