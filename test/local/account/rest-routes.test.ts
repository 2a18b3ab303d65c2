import { expect, test } from 'vitest';
import { matchRoute } from '../../../local/account/rest-routes.ts';

test.each([
  ['backup', 'GET', '/restore-jobs/', 'ListRestoreJobs', {}],
  ['backup', 'GET', '/restore-jobs/a-1?x=y', 'DescribeRestoreJob', { RestoreJobId: 'a-1', x: 'y' }],
  [
    'backup',
    'GET',
    '/resources/arn%3Aaws%3Aec2%3A%3A1%3Avolume%2Fvol-1/recovery-points/',
    'ListRecoveryPointsByResource',
    { ResourceArn: 'arn:aws:ec2::1:volume/vol-1' },
  ],
  ['imagebuilder', 'PUT', '/SendWorkflowStepAction', 'SendWorkflowStepAction', {}],
  ['imagebuilder', 'GET', '/GetImage?imageBuildVersionArn=a', 'GetImage', { imageBuildVersionArn: 'a' }],
  ['backup', 'DELETE', '/unknown', 'DELETE /unknown', {}],
])('%s %s %s is %s', (service, method, url, action, members) => {
  expect(matchRoute(service, method, url)).toEqual({ action, members });
});
