import { InvalidInputError, isRetryable } from '#shared/errors.ts';
import type { JobOutcome, JobWith } from '#shared/handlers/codepipeline.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { writeStop } from '../aws/gate-table.ts';
import { type Parameter, readParameters } from '../aws/ssm.ts';
import type { GateConfig } from '../config.ts';
import { type Override, readOverride } from '../domain/override.ts';
import { type Ask, type Policy, readPolicy } from '../domain/policy.ts';
import { markerOf } from '../domain/stop-marker.ts';
import { type Trouble, troubleOf, type Verdict } from '../domain/verdict.ts';
import { readProgress } from '../domain/wait-progress.ts';
import { evaluate, openSources } from '../evaluate-policy.ts';
import { describeOverride, describeVerdict } from '../messages/verdict-text.ts';
import { answerDryRun, answerOf, answerOverridden, comeBack, type Decided, nextStep } from './job-result.ts';

export type GateJob = JobWith<Ask>;

interface Gate {
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
  const gate: Gate = { job, config, invocation };
  const { said, parameter } = job.parameters;
  const own = overrideIn(said.override, gate);
  if (own) return overridden(gate, own);
  const stored = await readStored(gate);
  const central = centralOverride(gate, stored);
  if (central) return overridden(gate, central);
  const defaults = { region: config.region, onUnknown: config.onUnknown };
  if (stored.trouble) {
    const rest = readPolicy({ said, parameter: undefined }, undefined, defaults);
    return decide(gate, rest, stored.trouble);
  }
  const policy = readPolicy(job.parameters, parameter && textOf(stored, parameter, config.region), defaults);
  const written = overrideIn(policy.override, gate);
  return written ? overridden(gate, written) : decide(gate, policy);
}

function overrideIn(text: string | undefined, { config, invocation }: Gate): Override | undefined {
  return readOverride(text, { now: invocation.now(), maxHours: config.maxOverrideHours });
}

async function decide(gate: Gate, policy: Policy, trouble?: Trouble): Promise<JobOutcome> {
  const { config, job, invocation } = gate;
  const verdict = trouble ? verdictOf(trouble) : await evaluate(policy, openSources(config, invocation));
  const now = invocation.now();
  const progress = readProgress(job.continuationToken, now);
  const step = nextStep(verdict, policy, progress, now);
  // Without its policy nobody could say when a deployment may go on.
  const isKept = step.step === 'stop' && step.resumable && !trouble;
  const decided = {
    verdict,
    step: step.step === 'stop' ? { ...step, resumable: isKept } : step,
    policy,
    now,
  };
  if (config.dryRun) {
    report(gate, decided);
    return answerDryRun(decided);
  }
  const written = isKept ? await writeDown(gate, decided) : {};
  // The pipeline must be told in the end: a person can retry what cannot resume by itself.
  const again = isRetryable(written.error) ? comeBack(policy, progress, now) : undefined;
  const final = again ? { ...decided, step: again } : decided;
  report(gate, final);
  return answerOf(final, written.marker);
}

function verdictOf(trouble: Trouble): Verdict {
  return { verdict: trouble.kind === 'passing' ? 'UNKNOWN' : 'MISCONFIGURED', troubles: [trouble] };
}

interface Stored {
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** There when the policy's parameter could not be read; the central override alone is done without. */
  readonly trouble?: Trouble;
}

async function readStored(gate: Gate): Promise<Stored> {
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
    const { parameters } = await readStored({
      ...gate,
      job: { ...job, parameters: { said: {}, parameter: undefined } },
    });
    return { parameters, trouble: troubleOf(error, `Parameter ${parameter}`, hint) };
  }
}

/** @throws BadInput when there is none, or none that can be read without a key */
function textOf({ parameters }: Stored, name: string, region: string): string {
  const found = parameters.get(name);
  if (!found) throw new InvalidInputError(`policy: no parameter "${name}" in ${region}`);
  if (found.isSecret)
    throw new InvalidInputError(`policy: expected "${name}" to be a String, got a SecureString`);
  return found.text;
}

/** One that cannot be read is everybody's: it fails nobody's pipeline, but it opens none either. */
function centralOverride(gate: Gate, stored: Stored): Override | undefined {
  const { overrideParameter, region } = gate.config;
  try {
    if (!stored.parameters.has(overrideParameter)) return undefined;
    return overrideIn(textOf(stored, overrideParameter, region), gate);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    gate.invocation.logger.error('the override for all pipelines is not used', { reason: error.message });
    addCount(gate.invocation.metrics, 'OverrideMalformed');
    return undefined;
  }
}

function overridden({ invocation }: Gate, override: Override): JobOutcome {
  invocation.logger.warn('let through, the gate is overridden', { override: describeOverride(override) });
  addCount(invocation.metrics, 'Verdict.OVERRIDDEN');
  return answerOverridden(override);
}

/** The marker under which ResumeDeployments finds the stop, or why it could not be written down. */
async function writeDown(
  { job, config, invocation }: Gate,
  decided: Decided,
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
    await writeStop(config.notesTable, stop, invocation.signal);
    return { marker: markerOf(stop) };
  } catch (error) {
    if (invocation.signal.aborted) throw error;
    invocation.logger.error('the stop could not be written down', { error });
    addCount(invocation.metrics, 'Failed');
    return { error };
  }
}

const outcomes = { pass: 'let through', wait: 'waiting', stop: 'stopped' } as const;

function report({ config, invocation }: Gate, { verdict, step, policy }: Decided): void {
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
