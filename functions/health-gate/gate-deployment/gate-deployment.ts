import { InvalidInputError, isRetryable } from '#shared/errors.ts';
import type { JobOutcome, JobWith } from '#shared/handlers/codepipeline.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { saveStop } from '../aws/gate-table.ts';
import { type Parameter, readParameters } from '../aws/ssm.ts';
import type { GateConfig } from '../config.ts';
import { type Override, parseOverride } from '../domain/override.ts';
import { buildPolicy, type GateParameters, type Policy } from '../domain/policy.ts';
import { formatMarker } from '../domain/stop-marker.ts';
import { type SourceError, toSourceError, type Verdict } from '../domain/verdict.ts';
import { parseProgress } from '../domain/wait-progress.ts';
import { createSources, evaluatePolicy } from '../evaluate-policy.ts';
import { describeOverride, describeVerdict } from '../messages/verdict-text.ts';
import {
  decideGateAction,
  type GateDecision,
  retryLater,
  toDryRunResult,
  toJobResult,
  toOverriddenResult,
} from './job-result.ts';

export type GateJob = JobWith<GateParameters>;

interface GateContext {
  readonly job: GateJob;
  readonly config: GateConfig;
  readonly invocation: Invocation;
}

/**
 * Decides about one job of a gate action. The break-glass comes before everything that could be down with the incident.
 *
 * @throws BadInput for a policy or an override that cannot be read, which fails the action as a ConfigurationError
 */
export async function gateDeployment(
  job: GateJob,
  config: GateConfig,
  invocation: Invocation,
): Promise<JobOutcome> {
  const gate: GateContext = { job, config, invocation };
  const { given, parameter } = job.parameters;
  const own = checkOverride(given.override, gate);
  if (own) return passOverridden(gate, own);
  const stored = await readStoredParameters(gate);
  const central = findCentralOverride(gate, stored);
  if (central) return passOverridden(gate, central);
  const defaults = { region: config.region, onUnknown: config.onUnknown };
  if (stored.sourceError) {
    const rest = buildPolicy({ given, parameter: undefined }, undefined, defaults);
    return decideByPolicy(gate, rest, stored.sourceError);
  }
  const policy = buildPolicy(
    job.parameters,
    parameter && parameterText(stored, parameter, config.region),
    defaults,
  );
  const written = checkOverride(policy.override, gate);
  return written ? passOverridden(gate, written) : decideByPolicy(gate, policy);
}

function checkOverride(text: string | undefined, { config, invocation }: GateContext): Override | undefined {
  return parseOverride(text, { now: invocation.now(), maxHours: config.maxOverrideHours });
}

async function decideByPolicy(
  gate: GateContext,
  policy: Policy,
  sourceError?: SourceError,
): Promise<JobOutcome> {
  const { config, job, invocation } = gate;
  const verdict = sourceError
    ? verdictOfError(sourceError)
    : await evaluatePolicy(policy, createSources(config, invocation));
  const now = invocation.now();
  const progress = parseProgress(job.continuationToken, now);
  const step = decideGateAction(verdict, policy, progress, now);
  // Without its policy nobody could say when a deployment may go on.
  const isKept = step.step === 'stop' && step.resumable && !sourceError;
  const decided = {
    verdict,
    step: step.step === 'stop' ? { ...step, resumable: isKept } : step,
    policy,
    now,
  };
  if (config.dryRun) {
    logVerdict(gate, decided);
    return toDryRunResult(decided);
  }
  const written = isKept ? await saveGateStop(gate, decided) : {};
  // The pipeline must be told in the end: a person can retry what cannot resume by itself.
  const again = isRetryable(written.error) ? retryLater(policy, progress, now) : undefined;
  const final = again ? { ...decided, step: again } : decided;
  logVerdict(gate, final);
  return toJobResult(final, written.marker);
}

function verdictOfError(sourceError: SourceError): Verdict {
  return {
    verdict: sourceError.kind === 'passing' ? 'UNKNOWN' : 'MISCONFIGURED',
    sourceErrors: [sourceError],
  };
}

interface StoredParameters {
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** There when the policy's parameter could not be read; the central override alone is done without. */
  readonly sourceError?: SourceError;
}

async function readStoredParameters(gate: GateContext): Promise<StoredParameters> {
  const { config, job, invocation } = gate;
  const { parameter } = job.parameters;
  const names = [config.overrideParameter, ...(parameter === undefined ? [] : [parameter])];
  try {
    return { parameters: await readParameters(names, invocation.signal) };
  } catch (error) {
    if (invocation.signal.aborted) throw error;
    invocation.logger.warn('parameters could not be read', { names, error });
    if (parameter === undefined) return { parameters: new Map() };
    const hint = `Policies are read from ${config.overrideParameter.replace(/override$/, '*')}`;
    // One name that may not be read takes the whole call down, the break-glass with it.
    const { parameters } = await readStoredParameters({
      ...gate,
      job: { ...job, parameters: { given: {}, parameter: undefined } },
    });
    return { parameters, sourceError: toSourceError(error, `Parameter ${parameter}`, hint) };
  }
}

/** @throws BadInput when there is none, or none that can be read without a key */
function parameterText({ parameters }: StoredParameters, name: string, region: string): string {
  const found = parameters.get(name);
  if (!found) throw new InvalidInputError(`policy: no parameter "${name}" in ${region}`);
  if (found.isSecret)
    throw new InvalidInputError(`policy: expected "${name}" to be a String, got a SecureString`);
  return found.text;
}

/** One that cannot be read is everybody's: it fails nobody's pipeline, but it opens none either. */
function findCentralOverride(gate: GateContext, stored: StoredParameters): Override | undefined {
  const { overrideParameter, region } = gate.config;
  try {
    if (!stored.parameters.has(overrideParameter)) return undefined;
    return checkOverride(parameterText(stored, overrideParameter, region), gate);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    gate.invocation.logger.error('the override for all pipelines is not used', { reason: error.message });
    addCount(gate.invocation.metrics, 'OverrideMalformed');
    return undefined;
  }
}

function passOverridden({ invocation }: GateContext, override: Override): JobOutcome {
  invocation.logger.warn('let through, the gate is overridden', { override: describeOverride(override) });
  addCount(invocation.metrics, 'Verdict.OVERRIDDEN');
  return toOverriddenResult(override);
}

/** The marker under which ResumeDeployments finds the stop, or why it could not be written down. */
async function saveGateStop(
  { job, config, invocation }: GateContext,
  decided: GateDecision,
): Promise<{ readonly marker?: string; readonly error?: unknown }> {
  const { override: _, ...policy } = decided.policy;
  const stop = {
    id: policy.executionId ?? job.id,
    jobId: job.id,
    at: decided.now,
    policy,
    reason: describeVerdict(decided.verdict, policy),
  };
  try {
    await saveStop(config.notesTable, stop, invocation.signal);
    return { marker: formatMarker(stop) };
  } catch (error) {
    if (invocation.signal.aborted) throw error;
    invocation.logger.error('the stop could not be written down', { error });
    addCount(invocation.metrics, 'Failed');
    return { error };
  }
}

const outcomes = { pass: 'let through', wait: 'waiting', stop: 'stopped' } as const;

function logVerdict({ config, invocation }: GateContext, { verdict, step, policy }: GateDecision): void {
  invocation.logger.info(`${config.dryRun ? 'dry run: ' : ''}${outcomes[step.step]}`, {
    verdict: verdict.verdict,
    mode: policy.mode,
    regions: policy.regions,
    reason: describeVerdict(verdict, policy),
    ...(step.step === 'wait' && { checks: step.progress.checks, errors: step.progress.errors }),
    ...(policy.executionId !== undefined && { executionId: policy.executionId }),
  });
  addCount(invocation.metrics, `Verdict.${verdict.verdict}`);
  if (step.step === 'stop') addCount(invocation.metrics, 'Stopped');
}
