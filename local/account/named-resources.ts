import { list, mapping } from '../json.ts';
import { iamActions } from './iam-actions.ts';
import type { ApiRequest } from './request.ts';
import { ServiceError } from './response.ts';
import { accountId } from './types.ts';

/** A permission that a call needs: an IAM action on the resource that the call names. */
export interface NeededPermission {
  readonly action: string;
  readonly arn: string;
  /** A stage of a pipeline cannot have tags, so IAM has no tag to test. */
  readonly canHaveTags: boolean;
  /** The values of condition keys that the call itself gives. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
}

/** The permissions that a call needs on resources that it names. Not all services are covered. */
export function neededPermissions(request: ApiRequest): NeededPermission[] {
  const arnsOf = namedArns[request.service];
  if (!arnsOf) return [];
  if (request.action === 'TransactWriteItems') return transactPermissions(request);
  if (request.action === 'PutEvents') return [publishPermission(request)];
  const arns = arnsOf(request);
  return iamActions(request).flatMap((action) => arns.map((arn) => permission(action, arn)));
}

function permission(action: string, arn: string): NeededPermission {
  return { action, arn, canHaveTags: !/:codepipeline:[^:]*:[^:]*:[^:/]+\//.test(arn) };
}

const namedArns: Readonly<Record<string, (request: ApiRequest) => string[]>> = {
  sqs: ({ input, region }) => {
    const [, account, name] = /\/([^/]+)\/([^/]+)$/.exec(String(input.QueueUrl ?? '')) ?? [];
    return name === undefined ? [] : [`arn:aws:sqs:${region}:${account}:${name}`];
  },
  sns: ({ input }) => [input.TopicArn ?? input.TargetArn].filter((arn) => arn !== undefined).map(String),
  dynamodb: ({ input, region }) => {
    const { IndexName, RequestItems, TableName } = input;
    if (RequestItems !== undefined)
      return Object.keys(mapping(RequestItems)).map((name) => tableArn(name, region));
    if (TableName === undefined) return [];
    const arn = tableArn(String(TableName), region);
    return [IndexName === undefined ? arn : `${arn}/index/${IndexName}`];
  },
  lambda: ({ input, region }) => {
    const name = input.FunctionName;
    if (name === undefined || String(name).startsWith('arn:'))
      return name === undefined ? [] : [String(name)];
    return [`arn:aws:lambda:${region}:${accountId}:function:${name}`];
  },
  events: () => [],
  codepipeline: ({ action, input, region }) => {
    const { name, pipelineName = name, resourceArn, stageName } = input;
    if (resourceArn !== undefined) return [String(resourceArn)];
    if (pipelineName === undefined) return [];
    const arn = `arn:aws:codepipeline:${region}:${accountId}:${pipelineName}`;
    return [stageActions.test(action) ? `${arn}/${stageName}` : arn];
  },
  ec2: ({ action, input, region }) => {
    // Most of EC2's Describe calls have no resource, whatever ids they name.
    if (action.startsWith('Describe') && !action.endsWith('Attribute')) return [];
    const { ImageId, InstanceId, ResourceId, SnapshotId } = input;
    const ids = [ImageId, InstanceId, ResourceId, SnapshotId].flatMap((id) =>
      Array.isArray(id) ? id : [id],
    );
    return ids.flatMap((id) => ec2Arn(String(id), region));
  },
};

/** IAM tests the sources and detail types of all entries together. */
function publishPermission({ input, region }: ApiRequest): NeededPermission {
  const entries = list(input.Entries).map(mapping);
  return {
    ...permission('events:PutEvents', `arn:aws:events:${region}:${accountId}:event-bus/default`),
    values: {
      'events:source': entries.map(({ Source }) => String(Source)),
      'events:detail-type': entries.map(({ DetailType }) => String(DetailType)),
    },
  };
}

/** CodePipeline authorizes these on the stage. */
const stageActions =
  /^(RetryStageExecution|(Enable|Disable)StageTransition|OverrideStageCondition|RollbackStage)$/;

function tableArn(name: string, region: string): string {
  return name.startsWith('arn:') ? name : `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
}

function ec2Arn(id: string, region: string): string[] {
  if (id.startsWith('i-')) return [`arn:aws:ec2:${region}:${accountId}:instance/${id}`];
  if (id.startsWith('ami-')) return [`arn:aws:ec2:${region}::image/${id}`];
  return id.startsWith('snap-') ? [`arn:aws:ec2:${region}::snapshot/${id}`] : [];
}

/** IAM authorizes each item of a transaction by itself, on its own table. */
function transactPermissions(request: ApiRequest): NeededPermission[] {
  return list(request.input.TransactItems).flatMap((item) => {
    const [operation] = Object.values(mapping(item));
    const arn = tableArn(String(mapping(operation).TableName), request.region);
    return iamActions({ ...request, input: { TransactItems: [item] } }).map((action) =>
      permission(action, arn),
    );
  });
}

/** The names that services give to the error; EC2 reports no resource. */
const errorCodes: Readonly<Record<string, string>> = {
  ec2: 'UnauthorizedOperation',
  sns: 'AuthorizationError',
};

/** The error of a call that no policy of the caller's role allows. */
export function accessDeniedError({ caller, service }: ApiRequest, denied: NeededPermission): ServiceError {
  const user = `arn:aws:sts::${accountId}:assumed-role/${caller.function}/${caller.function}`;
  const message = `User: ${user} is not authorized to perform: ${denied.action} on resource: ${denied.arn} because no identity-based policy allows the ${denied.action} action`;
  return new ServiceError(
    errorCodes[service] ?? 'AccessDeniedException',
    message,
    service === 'dynamodb' ? 400 : 403,
  );
}
