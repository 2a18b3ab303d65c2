import type { IncomingHttpHeaders } from 'node:http';
import type { Mapping } from '../json.ts';

/**
 * Method, path and operation. `{name}` in a path is a member of the input; `{name+}` may contain slashes. Text after `?`
 * must be in the query string.
 */
type Route = readonly [method: string, path: string, action: string, more?: RouteOptions];

interface RouteOptions {
  /** The member that holds the whole body. */
  readonly payload?: string;
  /** Header names by member. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** REST services identify the operation by method and path. Lists only what the pack calls, specific routes first. */
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
  lambda: [
    [
      'POST',
      '/2015-03-31/functions/{FunctionName}/invocations',
      'Invoke',
      { payload: 'Payload', headers: { InvocationType: 'x-amz-invocation-type' } },
    ],
  ],
  // Most S3 requests name the operation in the query, as x-id.
  s3: [
    ['GET', '/{Bucket}?list-type=2', 'ListObjectsV2'],
    ['GET', '/{Bucket}?versions', 'ListObjectVersions'],
    ['GET', '/{Bucket}?location', 'GetBucketLocation'],
    ['POST', '/{Bucket}?delete', 'DeleteObjects'],
    ['HEAD', '/{Bucket}', 'HeadBucket'],
    ['PUT', '/{Bucket}', 'CreateBucket'],
    ['HEAD', '/{Bucket}/{Key+}', 'HeadObject'],
    ['GET', '/{Bucket}/{Key+}?tagging', 'GetObjectTagging'],
    ['GET', '/{Bucket}/{Key+}', 'GetObject'],
    ['PUT', '/{Bucket}/{Key+}', 'PutObject'],
    ['DELETE', '/{Bucket}/{Key+}', 'DeleteObject'],
  ],
};

export interface RouteMatch {
  readonly action: string;
  /** The members of the input that come from path, query and headers. */
  readonly members: Mapping;
  readonly payload: string | undefined;
}

/** Finds the operation of a REST request. On an unknown route it is named by method and path. */
export function matchRoute(
  service: string,
  method: string,
  url: string,
  headers: IncomingHttpHeaders = {},
): RouteMatch {
  const { pathname, searchParams } = new URL(url, 'http://local');
  const query = Object.fromEntries(searchParams);
  // The paths of Image Builder are the names of its operations.
  if (service === 'imagebuilder') return { action: pathname.slice(1), members: query, payload: undefined };
  const path = pathname.replace(/(?<=.)\/$/, '');
  for (const [routeMethod, template, action, more] of routes[service] ?? []) {
    const found = routeMethod === method ? matchTemplate(template, path, searchParams) : undefined;
    if (!found) continue;
    const members = { ...query, ...found, ...membersFromHeaders(headers, more?.headers) };
    return { action: query['x-id'] ?? action, members, payload: more?.payload };
  }
  return { action: `${method} ${pathname}`, members: query, payload: undefined };
}

function matchTemplate(template: string, path: string, search: URLSearchParams): Mapping | undefined {
  const [pathTemplate = '', requiredQuery = ''] = template.split('?');
  const found = patternOf(pathTemplate).exec(path);
  const hasQuery = [...new URLSearchParams(requiredQuery)].every(([name, value]) =>
    value === '' ? search.has(name) : search.get(name) === value,
  );
  return found && hasQuery ? decodeGroups(found.groups) : undefined;
}

function patternOf(template: string): RegExp {
  const pattern = template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)').replaceAll(/\{(\w+)\+\}/g, '(?<$1>.+)');
  return new RegExp(`^${pattern}$`);
}

function decodeGroups(groups: Readonly<Record<string, string>> | undefined): Mapping {
  return Object.fromEntries(
    Object.entries(groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
  );
}

function membersFromHeaders(
  headers: IncomingHttpHeaders,
  names: Readonly<Record<string, string>> = {},
): Mapping {
  const carried = Object.entries(names).map(([member, header]) => [member, headers[header]] as const);
  return Object.fromEntries(carried.filter(([, value]) => value !== undefined));
}
