import { InvalidInputError, isRetryable } from '#shared/errors.ts';
import type { JobOutcome } from '#shared/handlers/codepipeline.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { saveStop } from '../aws/gate-table.ts';
import { parameterText } from '../aws/ssm.ts';
import type { GateConfig } from '../config.ts';
import type { GateContext, GateJob } from '../context.ts';
import { decideGateAction, decideRetry } from '../domain/gate-action.ts';
import type { Override } from '../domain/override.ts';
import { buildPolicy, type GateParameters, isWarnOnly, type Policy } from '../domain/policy.ts';
import { formatMarker, type GateStop } from '../domain/stop-marker.ts';
import type { SourceError, Verdict } from '../domain/verdict.ts';
import { parseProgress } from '../domain/wait-progress.ts';
import { createSources, evaluatePolicy } from '../evaluate-policy.ts';
import { activeOverride, findCentralOverride } from '../find-override.ts';
import { describeVerdict } from '../messages/verdict-text.ts';
import {
  type GateDecision,
  toDryRunResult,
  toJobResult,
  toOverriddenResult,
  toUndecidedResult,
} from './job-result.ts';
import { logDecision, logOverridden, logUndecided } from './log.ts';
import { readStoredParameters } from './read-parameters.ts';

/**
 * Decides one job of a gate action. Overrides come first: they must work while AWS Health is down.
 *
 * @throws InvalidInputError for an invalid policy or override; the action then fails with ConfigurationError
 */
export async function gateDeployment(
  job: GateJob,
  config: GateConfig,
  invocation: Invocation,
): Promise<JobOutcome> {
  const context: GateContext = { job, config, invocation };
  const { given, parameter } = job.parameters;
  const actionOverride = activeOverride(given.override, context);
  if (actionOverride) return allowOverridden(context, actionOverride);
  const stored = await readStoredParameters(context);
  const centralOverride = findCentralOverride(context, stored.parameters);
  if (centralOverride) return allowOverridden(context, centralOverride);
  const defaults = { region: config.region, onUnknown: config.onUnknown };
  if (stored.sourceError) {
    const knownPolicy = buildPolicy({ given, parameter: undefined }, undefined, defaults);
    return decideByPolicy(context, knownPolicy, stored.sourceError);
  }
  const policyText = parameter && stored.parameters.get(parameter)?.text;
  try {
    if (parameter !== undefined) parameterText(stored.parameters, parameter, config.region);
    const policy = buildPolicy(job.parameters, policyText, defaults);
    const policyOverride = activeOverride(policy.override, context);
    return policyOverride ? allowOverridden(context, policyOverride) : await decideByPolicy(context, policy);
  } catch (error) {
    if (!(error instanceof InvalidInputError && isWarnOnly(job.userParameters, policyText))) throw error;
    logUndecided(error.message);
    return toUndecidedResult(error.message);
  }
}

function allowOverridden(context: GateContext, override: Override): JobOutcome {
  logOverridden(context, override);
  return toOverriddenResult(override);
}

async function decideByPolicy(
  context: GateContext,
  policy: Policy,
  sourceError?: SourceError,
): Promise<JobOutcome> {
  const { config, job, invocation } = context;
  const verdict = sourceError
    ? verdictOfError(sourceError)
    : await evaluatePolicy(policy, createSources(config, invocation));
  const now = invocation.now();
  const progress = parseProgress(job.continuationToken, now);
  const action = decideGateAction(verdict, policy, progress, now);
  const canResume = action.kind === 'stop' && action.resumable;
  const decision: GateDecision = { verdict, action, policy, now };
  if (config.dryRun) {
    logDecision(context, decision);
    return toDryRunResult(decision);
  }
  const saved = canResume ? await saveGateStop(context, decision) : {};
  // If retries run out, the action fails without a saved stop: a person can retry the stage.
  const retry = isRetryable(saved.error) ? decideRetry(policy, progress, now) : undefined;
  const final = retry ? { ...decision, action: retry } : decision;
  logDecision(context, final);
  return toJobResult(final, saved.marker);
}

function verdictOfError(sourceError: SourceError): Verdict {
  const verdict = sourceError.kind === 'temporary' ? 'UNKNOWN' : 'MISCONFIGURED';
  return { verdict, sourceErrors: [sourceError] };
}

/** A policy in a parameter is read again before the deployment is resumed. */
function sourceOf({ given, parameter }: GateParameters): Pick<GateStop, 'source'> {
  const { override: _, ...fields } = given;
  return parameter === undefined ? {} : { source: { given: fields, parameter } };
}

/** The marker that leads ResumeDeployments to the saved stop, or the error if the stop was not saved. */
async function saveGateStop(
  { job, config, invocation }: GateContext,
  decision: GateDecision,
): Promise<{ readonly marker?: string; readonly error?: unknown }> {
  const { override: _, ...policy } = decision.policy;
  const stop = {
    id: policy.executionId ?? job.id,
    jobId: job.id,
    at: decision.now,
    policy,
    ...sourceOf(job.parameters),
    reason: describeVerdict(decision.verdict, policy),
  };
  try {
    await saveStop(config.gateTable, stop, invocation.signal);
    return { marker: formatMarker(stop) };
  } catch (error) {
    if (invocation.signal.aborted) throw error;
    invocation.logger.error('stop not saved', { error });
    addCount(invocation.metrics, 'Failed');
    return { error };
  }
}
