import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';

const arnShape = /^arn:(aws[\w-]*):sns:([a-z0-9-]+):(\d{12}):([\w-]{1,256})$/;
const nameShape = /^[\w-]{1,256}$/;

/** Whether an action of an alarm is a standard topic's ARN. */
export function isTopic(action: unknown): action is string {
  return typeof action === 'string' && arnShape.test(action);
}

/**
 * @returns the ARN of a topic given by name or ARN. CloudWatch accepts any action and does not report one that cannot
 * work, so we check it here. `like` is a topic of this account and Region.
 */
export function resolveTopic(given: string, like: string, field: string): string {
  const [, partition, region, account] = arnShape.exec(like) ?? [];
  if (nameShape.test(given)) return `arn:${partition}:sns:${region}:${account}:${given}`;
  const [arn, , itsRegion] = arnShape.exec(given) ?? [];
  if (arn === undefined)
    throw new InvalidInputError(
      `${field} must be a standard SNS topic, by name or by ARN, got ${formatValue(given)}`,
    );
  if (itsRegion !== region)
    throw new InvalidInputError(
      `${field} must be in ${region}, where the alarms are, got ${formatValue(given)}`,
    );
  return arn;
}
