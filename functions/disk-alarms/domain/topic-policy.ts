import { isRecord } from '#shared/errors.ts';

/**
 * Whether the topic's policy certainly lets no alarm publish. A statement that we cannot judge, such as one with
 * conditions, counts as permission: a wrong answer would move alarms to another topic.
 * @param policy JSON as SNS returns it
 */
export function isClosedToAlarms(policy: string | undefined): boolean {
  const statements = parseStatements(policy);
  if (statements.length === 0) return false;
  const aboutAlarms = statements.filter((one) => isAboutPublishing(one) && mayMeanAlarms(one));
  const isDenied = aboutAlarms.some(
    (one) => one['Effect'] === 'Deny' && one['Condition'] === undefined && !('NotPrincipal' in one),
  );
  return isDenied || !aboutAlarms.some((one) => one['Effect'] === 'Allow');
}

type Statement = Readonly<Record<string, unknown>>;

function parseStatements(policy: string | undefined): readonly Statement[] {
  try {
    const parsed: unknown = JSON.parse(policy ?? '');
    return isRecord(parsed) ? toList(parsed['Statement']).filter(isRecord) : [];
  } catch {
    return [];
  }
}

function isAboutPublishing({ Action, NotAction }: Statement): boolean {
  if (NotAction !== undefined) return true;
  return toList(Action).some((action) => {
    const pattern = String(action).toLowerCase();
    return pattern === 'sns:publish' || pattern.includes('*');
  });
}

/** CloudWatch, everybody, or an account, which may stand for its alarms. */
function mayMeanAlarms({ Principal, NotPrincipal }: Statement): boolean {
  if (NotPrincipal !== undefined || Principal === '*') return true;
  if (!isRecord(Principal)) return false;
  const isService = toList(Principal['Service']).some(
    (one) => one === '*' || one === 'cloudwatch.amazonaws.com',
  );
  return isService || toList(Principal['AWS']).some((one) => /^(\*|\d{12}|.*:root)$/.test(String(one)));
}

function toList(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
