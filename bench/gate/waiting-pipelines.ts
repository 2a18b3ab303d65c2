import type { Call } from '../../local/account/types.ts';
import { type Pack, startPack } from '../../local/pack/pack.ts';
import { functionCalls } from '../../local/scenario-kit/calls.ts';
import { openIncident } from '../../local/scenario-kit/health.ts';
import { createPipeline, startPipeline, summarizeStages } from '../../local/scenario-kit/pipelines.ts';
import type { Progress } from '../measure-ratios.ts';

const STEP_MS = 30_000;
const SWEEP_MS = 300_000;
const MINUTE_MS = 60_000;
/** So many start in each step of the first half minute. */
const STARTED_TOGETHER = 10;

/** The defaults of the template, in place of those of the scenarios. */
const PARAMETERS = {
  CoolDownMinutes: '10',
  JitterMinutes: '10',
  ChatTopic: 'false',
  CheckHealthUrl: 'false',
};

type GateMode = 'fail' | 'wait';

/** The wing on this machine, with one gate in each pipeline. */
export interface GatedAccount {
  /** Opens an incident, starts pipelines, and lets minutes pass. @returns the calls of the functions by service */
  block(mode: GateMode, pipelines: number, minutes: number): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

export async function openGatedAccount(progress: Progress): Promise<GatedAccount> {
  const pack = await startPack({ wing: 'health-gate', parameters: PARAMETERS, progress });
  return {
    close: () => pack.close(),
    block: async (mode, pipelines, minutes) => {
      await pack.reset();
      const names = await createPipelines(pack, mode, pipelines);
      await openIncident(pack);
      const end = pack.clock.now() + minutes * MINUTE_MS;
      await startAll(pack, names);
      await passTime(pack, end, (left) => progress(`${mode}: ${Math.round(left / MINUTE_MS)} minutes left`));
      await expectAllHeld(pack, names, mode);
      return countByService(functionCalls(pack.calls()));
    },
  };
}

async function createPipelines(pack: Pack, mode: GateMode, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, at) => `pipeline-${at}`);
  const gate = {
    name: 'Gate',
    function: 'GateDeployment',
    parameters: { mode, maxWaitMinutes: 1380, executionId: '#{codepipeline.PipelineExecutionId}' },
    namespace: 'gate',
  };
  for (const name of names) {
    await createPipeline(pack, {
      name,
      tags: { 'groundcrew:resume': 'true' },
      stages: { Prod: [gate, { name: 'Deploy', runOrder: 2 }] },
    });
  }
  return names;
}

async function startAll(pack: Pack, names: readonly string[]): Promise<void> {
  for (const [at, name] of names.entries()) {
    await startPipeline(pack, name);
    if ((at + 1) % STARTED_TOGETHER === 0) await pack.advance((STEP_MS * STARTED_TOGETHER) / names.length);
  }
}

/** Lets time pass until `end`, with the schedules of the wing every five minutes. */
async function passTime(pack: Pack, end: number, report: (leftMs: number) => void): Promise<void> {
  let sweepAt = pack.clock.now() + SWEEP_MS;
  for (let now = pack.clock.now(); now < end; now = pack.clock.now()) {
    await pack.advance(Math.min(STEP_MS, end - now));
    if (pack.clock.now() < sweepAt) continue;
    sweepAt += SWEEP_MS;
    for (const schedule of ['ResumeDeploymentsSweep', 'FollowIncidentsSweep']) await pack.fire(schedule);
    await pack.advance(0);
    report(end - pack.clock.now());
  }
}

/** A pipeline that got through, or failed for another reason, would make the count too small. */
async function expectAllHeld(pack: Pack, names: readonly string[], mode: GateMode): Promise<void> {
  const expected = mode === 'wait' ? 'InProgress' : 'Failed';
  for (const name of names) {
    const [stage] = await summarizeStages(pack, name);
    if (stage?.status !== expected || !/Incident In Progress/.test(stage.actions['Gate'] ?? ''))
      throw new Error(`${name}: expected ${expected} because of the incident, got ${JSON.stringify(stage)}`);
  }
}

export function countByService(calls: readonly Pick<Call, 'service'>[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { service } of calls) counts.set(service, (counts.get(service) ?? 0) + 1);
  return counts;
}
