import type { Members } from './types.ts';

/** Method, path and operation; `{name}` in a path is a member of the input. */
type Route = readonly [method: string, path: string, action: string];

/** REST services name the operation by method and path. Only what the pack calls is here. */
const routes: Readonly<Record<string, readonly Route[]>> = {
  backup: [
    ['PUT', '/restore-jobs', 'StartRestoreJob'],
    ['GET', '/restore-jobs', 'ListRestoreJobs'],
    ['GET', '/restore-jobs/{RestoreJobId}', 'DescribeRestoreJob'],
    ['GET', '/restore-jobs/{RestoreJobId}/metadata', 'GetRestoreJobMetadata'],
    ['GET', '/resources/{ResourceArn}/recovery-points', 'ListRecoveryPointsByResource'],
    [
      'GET',
      '/backup-vaults/{BackupVaultName}/recovery-points/{RecoveryPointArn}/restore-metadata',
      'GetRecoveryPointRestoreMetadata',
    ],
  ],
  lambda: [['POST', '/2015-03-31/functions/{FunctionName}/invocations', 'Invoke']],
};

/** The operation and what path and query say of its input; an unknown route is named by method and path. */
export function matchRoute(
  service: string,
  method: string,
  url: string,
): { action: string; members: Members } {
  const { pathname, searchParams } = new URL(url, 'http://local');
  const query = Object.fromEntries(searchParams);
  // Image Builder's paths are its operations' names.
  if (service === 'imagebuilder') return { action: pathname.slice(1), members: query };
  const path = pathname.replace(/(?<=.)\/$/, '');
  for (const [routeMethod, template, action] of routes[service] ?? []) {
    const found = routeMethod === method ? patternOf(template).exec(path) : null;
    if (found) return { action, members: { ...query, ...decodeGroups(found.groups) } };
  }
  return { action: `${method} ${pathname}`, members: query };
}

function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
}

function decodeGroups(groups: Readonly<Record<string, string>> | undefined): Members {
  return Object.fromEntries(
    Object.entries(groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
  );
}
