import { ServiceError } from '../response.ts';
import type { Members } from '../types.ts';

/** Where moto answers otherwise than AWS and a wing depends on it. */
export interface Correction {
  readonly service: string;
  readonly actions: readonly string[];
  /** What AWS does, and where it says so. */
  readonly aws: string;
  /** What moto does. */
  readonly moto: string;
  /** Refuses what moto accepts. */
  readonly refuse?: (input: Members) => ServiceError | undefined;
  /** The function in corrections.py that mends it, where moto's own state decides. */
  readonly patch?: string;
}

/** Refuses more than `count` members in a list. */
export function atMost(count: number, member: string): (input: Members) => ServiceError | undefined {
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
