import { isRetryable } from '#shared/errors.ts';
import type { JobOutcome } from '#shared/handlers/codepipeline.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { savePass, saveStop } from '../aws/gate-table.ts';
import type { GateConfig } from '../config.ts';
import { decideGateAction, decideRetry } from '../domain/gate-action.ts';
import type { GateParameters, Policy } from '../domain/policy.ts';
import { formatMarker, formatUnsavedPass, type GatePass } from '../domain/stop-marker.ts';
import type { Verdict } from '../domain/verdict.ts';
import { parseProgress } from '../domain/wait-progress.ts';
import { createSources, evaluatePolicy } from '../evaluate-policy.ts';
import { findPolicy } from '../find-policy.ts';
import { describeVerdict } from '../messages/verdict-text.ts';
import type { GateJob } from './event.ts';
import type { GateContext } from './gate-context.ts';
import {
  type GateDecision,
  toDryRunResult,
  toJobResult,
  toOverriddenResult,
  toUndecidedResult,
} from './job-result.ts';
import { logDecision, logOverridden, logUndecided } from './log.ts';

/**
 * Decides one job of a gate action.
 *
 * @throws InvalidInputError for an invalid policy or override; the action then fails with ConfigurationError
 */
export async function gateDeployment(
  job: GateJob,
  config: GateConfig,
  invocation: Invocation,
): Promise<JobOutcome> {
  const context: GateContext = { job, config, invocation };
  const found = await findPolicy({ text: job.userParameters, parameters: job.parameters }, context);
  switch (found.kind) {
    case 'overridden':
      logOverridden(invocation, found.override);
      return toOverriddenResult(found.override);
    case 'undecided':
      logUndecided(found.reason);
      return toUndecidedResult(found.reason);
    case 'policy': {
      const { policy } = found;
      const verdict = found.verdict ?? (await evaluatePolicy(policy, createSources(config, invocation)));
      return actOn(context, policy, verdict);
    }
  }
}

async function actOn(context: GateContext, policy: Policy, verdict: Verdict): Promise<JobOutcome> {
  const { config, job, invocation } = context;
  const now = invocation.now();
  const progress = parseProgress(job.continuationToken, now);
  const action = decideGateAction(verdict, policy, progress, now);
  const decision: GateDecision = { verdict, action, policy, now };
  if (config.dryRun) {
    logDecision(context, decision);
    return toDryRunResult(decision);
  }
  if (action.kind === 'pass') {
    logDecision(context, decision);
    return toJobResult(decision, await saveGatePass(context, decision));
  }
  const saved = action.kind === 'stop' && action.resumable ? await saveGateStop(context, decision) : {};
  // If retries run out, the action fails without a saved stop: a person can retry the stage.
  const retry = isRetryable(saved.error) ? decideRetry(policy, progress, now) : undefined;
  const final = retry ? { ...decision, action: retry } : decision;
  logDecision(context, final);
  return toJobResult(final, saved.marker);
}

/** A policy in a parameter is read again before the deployment is resumed. */
function sourceOf({ given, parameter }: GateParameters): Pick<GatePass, 'source'> {
  const { override: _, ...fields } = given;
  return parameter === undefined ? {} : { source: { given: fields, parameter } };
}

/** The marker that leads ResumeDeployments to the saved stop, or the error if the stop was not saved. */
async function saveGateStop(
  context: GateContext,
  decision: GateDecision,
): Promise<{ readonly marker?: string; readonly error?: unknown }> {
  const { config, invocation } = context;
  const pass = toPass(context, decision);
  const stop = { ...pass, reason: describeVerdict(decision.verdict, pass.policy) };
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

/** The marker that leads FollowIncidents to the saved pass, or has the pass itself. A deployment never waits for it. */
async function saveGatePass(context: GateContext, decision: GateDecision): Promise<string | undefined> {
  // A person who deploys during a known incident, because the policy only warns, knows about it.
  if (decision.verdict.verdict !== 'PASS' && decision.verdict.verdict !== 'UNKNOWN') return undefined;
  const { config, invocation } = context;
  const pass = toPass(context, decision);
  try {
    await savePass(config.gateTable, pass, invocation.signal);
    return formatMarker(pass);
  } catch (error) {
    if (invocation.signal.aborted) throw error;
    invocation.logger.warn('pass not saved', { error });
    return formatUnsavedPass(pass);
  }
}

function toPass({ job }: GateContext, { now, policy: { override: _, ...policy } }: GateDecision): GatePass {
  return { id: policy.executionId ?? job.id, jobId: job.id, at: now, policy, ...sourceOf(job.parameters) };
}
