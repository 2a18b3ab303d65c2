import {
  type Distribution as DistributionSettings,
  GetImageCommand,
  GetWorkflowStepExecutionCommand,
  type Image,
  ImagebuilderClient,
  ListImagePackagesCommand,
  ListImageScanFindingAggregationsCommand,
  ListWaitingWorkflowStepsCommand,
  ListWorkflowExecutionsCommand,
  SendWorkflowStepActionCommand,
} from '@aws-sdk/client-imagebuilder';
import { createClient } from '#shared/aws/client.ts';
import { hasName } from '#shared/errors.ts';
import type { Package } from '../domain/build-facts.ts';
import type { TestRun } from '../domain/build-review.ts';
import type { Distribution, ImageBuild } from '../domain/image-build.ts';
import type { SeverityCounts } from '../domain/scan-findings.ts';
import type { NamedStep, StepAnswer, WaitingStep } from '../domain/workflow-step.ts';

const imageBuilder = createClient(ImagebuilderClient, { deadlineMs: 12_000 });

export async function getImage(arn: string, signal: AbortSignal): Promise<ImageBuild> {
  const command = new GetImageCommand({ imageBuildVersionArn: arn });
  const { image = {} } = await imageBuilder.send(command, { abortSignal: signal });
  return toImageBuild(arn, image);
}

/** @returns undefined if the image was deleted */
export async function findImage(arn: string, signal: AbortSignal): Promise<ImageBuild | undefined> {
  try {
    return await getImage(arn, signal);
  } catch (error) {
    if (hasName(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
}

export interface StepExecution {
  readonly name: string;
  /** PENDING, SKIPPED, RUNNING, COMPLETED, FAILED or CANCELLED. A waiting step is RUNNING. */
  readonly status: string;
  /** When the step times out, in epoch milliseconds. */
  readonly endsAt: number | undefined;
  /** RESUME or STOP, once it has an answer. */
  readonly action: string | undefined;
}

/** How long WaitForAction waits if the workflow sets no timeout: three days. */
const DEFAULT_TIMEOUT_SECONDS = 259_200;

export async function getStepExecution(stepExecutionId: string, signal: AbortSignal): Promise<StepExecution> {
  const command = new GetWorkflowStepExecutionCommand({ stepExecutionId });
  const step = await imageBuilder.send(command, { abortSignal: signal });
  const startedAt = step.startTime === undefined ? Number.NaN : Date.parse(step.startTime);
  const endsAt = startedAt + (step.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
  return {
    name: step.name ?? stepExecutionId,
    status: step.status ?? 'unknown',
    endsAt: Number.isNaN(endsAt) ? undefined : endsAt,
    action: parseAction(step.outputs),
  };
}

/** Answers a waiting step, once for each token. Image Builder refuses it if the step timed out or has an answer. */
export async function sendStepAction(
  step: WaitingStep,
  { action, reason, token }: StepAnswer,
  signal: AbortSignal,
): Promise<void> {
  const command = new SendWorkflowStepActionCommand({
    stepExecutionId: step.stepExecutionId,
    imageBuildVersionArn: step.imageArn,
    action,
    reason,
    clientToken: token,
  });
  await imageBuilder.send(command, { abortSignal: signal });
}

/** Lists every workflow step of this account and Region that waits for an answer. */
export async function listWaitingSteps(signal: AbortSignal): Promise<NamedStep[]> {
  const found: NamedStep[] = [];
  let nextToken: string | undefined;
  do {
    const command: ListWaitingWorkflowStepsCommand = new ListWaitingWorkflowStepsCommand({
      maxResults: 25,
      ...(nextToken !== undefined && { nextToken }),
    });
    const { steps = [], nextToken: next } = await imageBuilder.send(command, { abortSignal: signal });
    for (const { stepExecutionId, imageBuildVersionArn, name = '' } of steps) {
      if (stepExecutionId === undefined || imageBuildVersionArn === undefined) continue;
      found.push({ stepExecutionId, imageArn: imageBuildVersionArn, name });
    }
    nextToken = next;
  } while (nextToken !== undefined);
  return found;
}

/** Lists the packages of an image. @returns undefined if it has more than 3,000, because that takes too many calls */
export async function listPackages(arn: string, signal: AbortSignal): Promise<Package[] | undefined> {
  const found: Package[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < MAX_PACKAGE_PAGES; page++) {
    const command: ListImagePackagesCommand = new ListImagePackagesCommand({
      imageBuildVersionArn: arn,
      maxResults: 25,
      ...(nextToken !== undefined && { nextToken }),
    });
    const { imagePackageList = [], nextToken: next } = await imageBuilder.send(command, {
      abortSignal: signal,
    });
    for (const { packageName, packageVersion = '' } of imagePackageList)
      if (packageName !== undefined) found.push({ name: packageName, version: packageVersion });
    if (next === undefined) return found;
    nextToken = next;
  }
  return undefined;
}

/** 25 packages a page is the most that Image Builder returns. */
const MAX_PACKAGE_PAGES = 120;

/** Counts the vulnerabilities that scans of an image have found. */
export async function countFindings(arn: string, signal: AbortSignal): Promise<SeverityCounts> {
  const filter = { name: 'imageBuildVersionArn', values: [arn] };
  const command = new ListImageScanFindingAggregationsCommand({ filter });
  const { responses = [] } = await imageBuilder.send(command, { abortSignal: signal });
  const found = responses.find(({ imageAggregation }) => imageAggregation?.imageBuildVersionArn === arn);
  const { all = 0, critical = 0, high = 0, medium = 0 } = found?.imageAggregation?.severityCounts ?? {};
  return { all, critical, high, medium };
}

/** Lists the test workflows of an image. A retried one is listed again. */
export async function listTestRuns(arn: string, signal: AbortSignal): Promise<TestRun[]> {
  const command = new ListWorkflowExecutionsCommand({ imageBuildVersionArn: arn, maxResults: 25 });
  const { workflowExecutions = [] } = await imageBuilder.send(command, { abortSignal: signal });
  return workflowExecutions
    .filter(({ type, retried }) => type === 'TEST' && retried !== true)
    .map(({ status = 'unknown', message, totalStepCount = 0, totalStepsSucceeded = 0 }) => ({
      status,
      ...(message !== undefined && { message }),
      steps: totalStepCount,
      succeeded: totalStepsSucceeded,
    }));
}

/** @param outputs JSON text: `{"action":"RESUME","reason":"..."}` */
function parseAction(outputs: string | undefined): string | undefined {
  return /"action"\s*:\s*"(RESUME|STOP)"/.exec(outputs ?? '')?.[1];
}

function toImageBuild(arn: string, image: Image): ImageBuild {
  const { buildType, osVersion, platform, sourcePipelineName: pipeline } = image;
  const reason = image.state?.reason;
  return {
    arn,
    type: image.type ?? 'AMI',
    name: image.name ?? '',
    version: arn.split('/').slice(2).join('/'),
    status: image.state?.status ?? 'unknown',
    ...(reason !== undefined && { reason }),
    ...(buildType !== undefined && { buildType }),
    ...(platform !== undefined && { platform }),
    ...(osVersion !== undefined && { osVersion }),
    ...(pipeline !== undefined && { pipeline }),
    ...recipeParts(image),
    ...qualityParts(image),
    amis: (image.outputResources?.amis ?? []).map(({ region, image: id, name, accountId }) => ({
      region: region ?? '',
      id: id ?? '',
      name: name ?? '',
      accountId: accountId ?? '',
    })),
    distributions: (image.distributionConfiguration?.distributions ?? []).map(toDistribution),
    tags: image.tags ?? {},
  };
}

function recipeParts({ imageRecipe }: Image): Pick<ImageBuild, 'recipe' | 'parentImage' | 'components'> {
  const { name, version = '', parentImage, components = [] } = imageRecipe ?? {};
  return {
    ...(name && { recipe: `${name} ${version}`.trim() }),
    ...(parentImage !== undefined && { parentImage }),
    components: components.flatMap(({ componentArn }) => componentArn ?? []),
  };
}

function qualityParts(image: Image): Pick<ImageBuild, 'hasPackageList' | 'testsEnabled' | 'scan'> {
  const testsEnabled = image.imageTestsConfiguration?.imageTestsEnabled;
  const scan = image.scanState?.status;
  return {
    hasPackageList: image.enhancedImageMetadataEnabled === true,
    ...(testsEnabled !== undefined && { testsEnabled }),
    ...(scan !== undefined && { scan }),
  };
}

function toDistribution({
  region,
  amiDistributionConfiguration: settings,
}: DistributionSettings): Distribution {
  const { userIds, userGroups, organizationArns, organizationalUnitArns } = settings?.launchPermission ?? {};
  return {
    region: region ?? '',
    permissions: [
      ...(userIds ?? []).map((UserId) => ({ UserId })),
      ...(userGroups ?? []).map((Group) => ({ Group })),
      ...(organizationArns ?? []).map((OrganizationArn) => ({ OrganizationArn })),
      ...(organizationalUnitArns ?? []).map((OrganizationalUnitArn) => ({ OrganizationalUnitArn })),
    ],
    copies: settings?.targetAccountIds ?? [],
  };
}
