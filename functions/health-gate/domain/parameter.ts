import { InvalidInputError } from '#shared/errors.ts';

/** A parameter in SSM. */
export interface Parameter {
  readonly text: string;
  /** Encrypted; not decrypted here, because a policy is no secret. */
  readonly isSecret: boolean;
}

/** @throws InvalidInputError when the parameter does not exist or is encrypted */
export function parameterText(
  parameters: ReadonlyMap<string, Parameter>,
  name: string,
  region: string,
): string {
  const found = parameters.get(name);
  if (!found) throw new InvalidInputError(`policy: no parameter "${name}" in ${region}`);
  if (found.isSecret)
    throw new InvalidInputError(`policy: expected "${name}" to be a String, got a SecureString`);
  return found.text;
}
