import { awsEvent } from '../../scenario-kit/events.ts';
import type { World } from '../../scenario-kit/world.ts';

// Events and messages, as AWS sends them.

export function imageStateChange(world: World, imageArn: string, status: string, reason?: string): object {
  const state = { status, ...(reason !== undefined && { reason }) };
  const detail = { 'previous-state': { status: 'TESTING' }, state };
  return imageBuilderEvent(world, 'EC2 Image Builder Image State Change', [imageArn], detail);
}

export function stepWaiting(
  world: World,
  imageArn: string,
  stepExecutionId: string,
  stepName = 'ApproveImage',
): object {
  const workflow = `arn:aws:imagebuilder:${world.region}:${world.accountId}:workflow/test/hold/1.0.0/1`;
  return imageBuilderEvent(world, 'EC2 Image Builder Workflow Step Waiting', [imageArn, workflow], {
    'workflow-execution-id': 'wf-0f1e2d3c-0000-4000-8000-000000000001',
    'workflow-step-execution-id': stepExecutionId,
    'workflow-step-name': stepName,
  });
}

export function scanFindings(world: World, imageArn: string, counts: object): object {
  return imageBuilderEvent(world, 'EC2 Image Builder CVE Detected', [imageArn], {
    'resource-id': imageArn,
    'finding-severity-counts': counts,
  });
}

/** The SNS message of Image Builder. Its semver is larger than a JSON number can represent. */
export function imageMessage(imageArn: string, status: string, reason?: string): string {
  const state = { status, ...(reason !== undefined && { reason }) };
  const [versionless = '', name, version = '', build] = imageArn.split('/');
  const message = { versionlessArn: `${versionless}/${name}`, arn: imageArn, name, version, type: 'AMI' };
  const text = JSON.stringify({
    ...message,
    buildVersion: Number(build),
    state,
    outputResources: { amis: [] },
  });
  return text.replace('{', '{"semver":1237940039285380274899124227,');
}

function imageBuilderEvent(
  world: World,
  detailType: string,
  resources: readonly string[],
  detail: object,
): object {
  return awsEvent(world, { source: 'aws.imagebuilder', detailType, resources, detail });
}
