import type { Mapping } from '../../json.ts';
import { ServiceError } from '../response.ts';

/** Where moto answers otherwise than AWS and a wing depends on it. */
export interface Correction {
  readonly service: string;
  readonly actions: readonly string[];
  /** What AWS does, and where it says so. */
  readonly aws: string;
  /** What moto does. */
  readonly moto: string;
  /** Refuses what moto accepts. */
  readonly refuse?: (input: Mapping) => ServiceError | undefined;
  /** The function in patches/ that corrects it, if the correction depends on moto's own state. */
  readonly patch?: string;
}

/** Refuses more than `count` members in a list. */
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
