import { type Mapping, mapping, optionalText } from '../../../json.ts';
import { type Constraint, validate } from '../../constraints.ts';
import { ServiceError } from '../../response.ts';
import { continueJob } from './jobs.ts';
import { idConstraint } from './lookup.ts';
import type { Context, Job } from './model.ts';
import { finishAction } from './runner.ts';

const externalId: Constraint = { min: 1, max: 1500 };

const successConstraints = {
  jobId: idConstraint,
  continuationToken: { min: 1, max: 2048 },
  'executionDetails.summary': { min: 1, max: 2048 },
  'executionDetails.externalExecutionId': externalId,
  'executionDetails.percentComplete': { min: 0, max: 100 },
};

/** The limit for all output variables of an action together, in UTF-8. */
const maxVariableBytes = 122_880;

export function putJobSuccessResult(input: Mapping, context: Context): Mapping {
  validate(input, successConstraints);
  const outputVariables = parseOutputVariables(input);
  const job = findOpenJob(input, context);
  const { externalExecutionId, percentComplete, summary } = mapping(input['executionDetails']);
  const details = {
    summary: optionalText(summary),
    externalId: optionalText(externalExecutionId),
    percent: typeof percentComplete === 'number' ? percentComplete : undefined,
  };
  const token = optionalText(input['continuationToken']);
  if (token === undefined) {
    finishAction(context, job.action, { status: 'Succeeded', ...details, outputVariables });
    return {};
  }
  Object.assign(job.action, definedOnly(details), { changedAt: context.now() });
  continueJob(context, job, token, finishAction);
  return {};
}

const definedOnly = (members: Mapping): Mapping =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

function parseOutputVariables({
  continuationToken,
  outputVariables,
}: Mapping): Record<string, string> | undefined {
  if (outputVariables === undefined || outputVariables === null) return undefined;
  if (continuationToken !== undefined)
    throw new ServiceError(
      'ValidationException',
      'Output variables can be included only when there is no continuation token on the request.',
    );
  const entries = Object.entries(mapping(outputVariables)).map(
    ([key, value]) => [key, String(value)] as const,
  );
  validate(
    { outputVariables: entries.map(([key]) => key) },
    { outputVariables: { each: { pattern: '[A-Za-z0-9@\\-_]+' } } },
  );
  const bytes = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  if (bytes > maxVariableBytes)
    throw new ServiceError(
      'OutputVariablesSizeExceededException',
      `Exceeded the total size limit for all variables in the pipeline: ${bytes} of ${maxVariableBytes} bytes.`,
    );
  return Object.fromEntries(entries);
}

const failureConstraints = {
  jobId: idConstraint,
  failureDetails: { required: true },
  'failureDetails.type': {
    required: true,
    oneOf: [
      'JobFailed',
      'ConfigurationError',
      'PermissionError',
      'RevisionOutOfSync',
      'RevisionUnavailable',
      'SystemUnavailable',
    ],
  },
  'failureDetails.message': { required: true, min: 1, max: 5000 },
  'failureDetails.externalExecutionId': externalId,
};

export function putJobFailureResult(input: Mapping, context: Context): Mapping {
  validate(input, failureConstraints);
  const { externalExecutionId, message, type } = mapping(input['failureDetails']);
  finishAction(context, findOpenJob(input, context).action, {
    status: 'Failed',
    code: String(type),
    message: String(message),
    externalId: optionalText(externalExecutionId),
  });
  return {};
}

/** A job accepts one result, before its timeout. */
function findOpenJob({ jobId }: Mapping, { state }: Context): Job {
  const job = state.jobs.get(String(jobId));
  if (!job)
    throw new ServiceError(
      'JobNotFoundException',
      'The job was specified in an invalid format or cannot be found.',
    );
  if (!job.isOpen)
    throw new ServiceError('InvalidJobStateException', 'The job state was specified in an invalid format.');
  return job;
}
