import {
  type Distribution as DistributionSettings,
  GetImageCommand,
  GetWorkflowStepExecutionCommand,
  type Image,
  ImagebuilderClient,
  ListWaitingWorkflowStepsCommand,
  SendWorkflowStepActionCommand,
} from '@aws-sdk/client-imagebuilder';
import { createClient } from '#shared/aws/client.ts';
import type { Built, Distribution } from '../domain/approval-subject.ts';
import type { Answer, WaitingStep } from '../domain/workflow-step.ts';

const imageBuilder = createClient(ImagebuilderClient, { deadlineMs: 12_000 });

export async function getImage(arn: string, signal: AbortSignal): Promise<Built> {
  const command = new GetImageCommand({ imageBuildVersionArn: arn });
  const { image = {} } = await imageBuilder.send(command, { abortSignal: signal });
  return toBuilt(arn, image);
}

export interface Step {
  readonly name: string;
  /** PENDING, SKIPPED, RUNNING, COMPLETED, FAILED or CANCELLED; a step that waits is RUNNING. */
  readonly status: string;
  /** When it gives up waiting, in milliseconds of the epoch. */
  readonly endsAt: number | undefined;
  /** What it was answered with, once it was. */
  readonly action: string | undefined;
}

/** WaitForAction waits for three days where its workflow does not say how long. */
const DEFAULT_WAIT_S = 259_200;

export async function getStep(stepExecutionId: string, signal: AbortSignal): Promise<Step> {
  const command = new GetWorkflowStepExecutionCommand({ stepExecutionId });
  const step = await imageBuilder.send(command, { abortSignal: signal });
  const startedAt = step.startTime === undefined ? Number.NaN : Date.parse(step.startTime);
  const endsAt = startedAt + (step.timeoutSeconds ?? DEFAULT_WAIT_S) * 1000;
  return {
    name: step.name ?? stepExecutionId,
    status: step.status ?? 'unknown',
    endsAt: Number.isNaN(endsAt) ? undefined : endsAt,
    action: actionOf(step.outputs),
  };
}

/** Repeated with the same token it answers the step once. Fails when the step has timed out or was answered. */
export async function sendAction(
  step: WaitingStep,
  { action, reason, token }: Answer,
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

/** Every step of the account and Region that waits for an answer. */
export async function listWaiting(signal: AbortSignal): Promise<WaitingStep[]> {
  const found: WaitingStep[] = [];
  let nextToken: string | undefined;
  do {
    const command: ListWaitingWorkflowStepsCommand = new ListWaitingWorkflowStepsCommand({
      maxResults: 25,
      ...(nextToken !== undefined && { nextToken }),
    });
    const { steps = [], nextToken: next } = await imageBuilder.send(command, { abortSignal: signal });
    for (const { stepExecutionId, imageBuildVersionArn } of steps) {
      if (stepExecutionId === undefined || imageBuildVersionArn === undefined) continue;
      found.push({ stepExecutionId, imageArn: imageBuildVersionArn });
    }
    nextToken = next;
  } while (nextToken !== undefined);
  return found;
}

/** `outputs` is JSON in a text: `{"action":"RESUME","reason":"..."}`. */
function actionOf(outputs: string | undefined): string | undefined {
  return /"action"\s*:\s*"(RESUME|STOP)"/.exec(outputs ?? '')?.[1];
}

function toBuilt(arn: string, image: Image): Built {
  const { buildType, osVersion, platform, sourcePipelineName: pipeline } = image;
  const reason = image.state?.reason;
  const recipe =
    image.imageRecipe?.name && `${image.imageRecipe.name} ${image.imageRecipe.version ?? ''}`.trim();
  const parentImage = image.imageRecipe?.parentImage;
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
    ...(recipe && { recipe }),
    ...(parentImage !== undefined && { parentImage }),
    ...(pipeline !== undefined && { pipeline }),
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
