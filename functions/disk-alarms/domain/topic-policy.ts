import { isRecord } from '#shared/errors.ts';

/**
 * Whether the topic's policy certainly lets no alarm publish. A statement that we cannot judge, such as one with
 * conditions, counts as permission: a wrong answer would move alarms to another topic.
 * @param policy JSON as SNS returns it
 */
export function isClosedToAlarms(policy: string | undefined): boolean {
  // An account may stand for its alarms.
  return isClosed(policy, ['sns:Publish'], (one) => isCloudWatch(one) || isAccount(one));
}

/**
 * The same for the policy of a key. An account in it stands for its users and roles, and never for a service.
 * @param policy JSON as KMS returns it
 */
export function isKeyClosedToAlarms(policy: string | undefined): boolean {
  return isClosed(policy, ['kms:Decrypt', 'kms:GenerateDataKey'], isCloudWatch);
}

type Statement = Readonly<Record<string, unknown>>;

function isClosed(
  policy: string | undefined,
  actions: readonly string[],
  mayMeanAlarms: (one: Statement) => boolean,
): boolean {
  const statements = parseStatements(policy);
  if (statements.length === 0) return false;
  const aboutAlarms = statements.filter(mayMeanAlarms);
  return actions.some((action) => {
    const concerned = aboutAlarms.filter((one) => isAbout(action, one));
    return concerned.some(isCertainDenial) || !concerned.some((one) => one['Effect'] === 'Allow');
  });
}

function isCertainDenial(one: Statement): boolean {
  return one['Effect'] === 'Deny' && one['Condition'] === undefined && !('NotPrincipal' in one);
}

function parseStatements(policy: string | undefined): readonly Statement[] {
  try {
    const parsed: unknown = JSON.parse(policy ?? '');
    return isRecord(parsed) ? toList(parsed['Statement']).filter(isRecord) : [];
  } catch {
    return [];
  }
}

function isAbout(action: string, { Action, NotAction }: Statement): boolean {
  return NotAction !== undefined || toList(Action).some((pattern) => isMatch(String(pattern), action));
}

/** As IAM matches actions: `*` for any characters, `?` for one, without regard to case. */
function isMatch(pattern: string, action: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(action);
}

/** CloudWatch or everybody. */
function isCloudWatch({ Principal, NotPrincipal }: Statement): boolean {
  if (NotPrincipal !== undefined || Principal === '*') return true;
  if (!isRecord(Principal)) return false;
  const named = [...toList(Principal['Service']), ...toList(Principal['AWS'])];
  return named.some((one) => one === '*' || one === 'cloudwatch.amazonaws.com');
}

function isAccount({ Principal }: Statement): boolean {
  return (
    isRecord(Principal) && toList(Principal['AWS']).some((one) => /^(\d{12}|.*:root)$/.test(String(one)))
  );
}

function toList(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
