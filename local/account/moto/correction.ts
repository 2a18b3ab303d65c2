import type { Mapping } from '../../json.ts';
import { ServiceError } from '../response.ts';

/** A difference between moto and AWS on which a wing depends. */
export interface Correction {
  readonly service: string;
  readonly actions: readonly string[];
  /** What AWS does, and the source of this. */
  readonly aws: string;
  /** What moto does. */
  readonly moto: string;
  /** Rejects a request that moto accepts but AWS does not. */
  readonly refuse?: (input: Mapping) => ServiceError | undefined;
  /** The function in patches/ that corrects it, if the correction depends on moto's own state. */
  readonly patch?: string;
}

/** Rejects a list with more than `count` members. */
export function atMost(count: number, member: string): (input: Mapping) => ServiceError | undefined {
  return ({ [member]: value }) => {
    if (!Array.isArray(value) || value.length <= count) return undefined;
    const place = member.charAt(0).toLowerCase() + member.slice(1);
    return new ServiceError(
      'ValidationError',
      `1 validation error detected: Value of ${value.length} members at '${place}' failed to satisfy constraint: ` +
        `Member must have length less than or equal to ${count}`,
    );
  };
}
