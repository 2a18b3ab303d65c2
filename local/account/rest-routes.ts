import type { IncomingHttpHeaders } from 'node:http';
import type { Mapping } from '../json.ts';

/**
 * Method, path and operation. `{name}` in a path is a member of the input, `{name+}` one that may hold slashes; what
 * follows a `?` must be in the query. `payload` names the member that the whole body is, `headers` those that headers
 * carry.
 */
type Route = readonly [method: string, path: string, action: string, more?: More];

interface More {
  readonly payload?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** REST services name the operation by method and path. Only what the pack calls is here, the exact before the wide. */
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
  // Most of S3's operations say their name in the query, as x-id.
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

export interface Matched {
  readonly action: string;
  /** What path, query and headers say of the input. */
  readonly members: Mapping;
  readonly payload: string | undefined;
}

/** The operation of a REST request; one on an unknown route is named by method and path. */
export function matchRoute(
  service: string,
  method: string,
  url: string,
  headers: IncomingHttpHeaders = {},
): Matched {
  const { pathname, searchParams } = new URL(url, 'http://local');
  const query = Object.fromEntries(searchParams);
  // Image Builder's paths are its operations' names.
  if (service === 'imagebuilder') return { action: pathname.slice(1), members: query, payload: undefined };
  const path = pathname.replace(/(?<=.)\/$/, '');
  for (const [routeMethod, template, action, more] of routes[service] ?? []) {
    const found = routeMethod === method ? match(template, path, searchParams) : undefined;
    if (!found) continue;
    const members = { ...query, ...found, ...membersOf(headers, more?.headers) };
    return { action: query['x-id'] ?? action, members, payload: more?.payload };
  }
  return { action: `${method} ${pathname}`, members: query, payload: undefined };
}

function match(template: string, path: string, search: URLSearchParams): Mapping | undefined {
  const [wanted = '', asked = ''] = template.split('?');
  const found = patternOf(wanted).exec(path);
  const isAsked = [...new URLSearchParams(asked)].every(([name, value]) =>
    value === '' ? search.has(name) : search.get(name) === value,
  );
  return found && isAsked ? decodeGroups(found.groups) : undefined;
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

function membersOf(headers: IncomingHttpHeaders, names: Readonly<Record<string, string>> = {}): Mapping {
  const carried = Object.entries(names).map(([member, header]) => [member, headers[header]] as const);
  return Object.fromEntries(carried.filter(([, value]) => value !== undefined));
}
