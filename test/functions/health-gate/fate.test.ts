import { describe, expect, it } from 'vitest';
import { claimRetry, type HoldRecord } from '../../../functions/health-gate/domain/hold-record.ts';
import {
  type ActionState,
  decideResume,
  type ExecutionState,
  foreignFailures,
  notHeldReason,
  type PipelineSnapshot,
  type PipelineState,
  type StageState,
  withoutForeignFailures,
} from '../../../functions/health-gate/domain/resume-decision.ts';
import { NOW } from './examples.ts';
import { config, gateRun, HOUR, keep } from './resume-account.ts';

const hold = keep('orders');
const execution: ExecutionState = { status: 'Failed', mode: 'SUPERSEDED', type: 'STANDARD', version: 4 };
const gate: ActionState = action('Gate', { executionId: 'run 1 of orders' });

function action(name: string, about: Partial<ActionState> = {}): ActionState {
  return { name, executionId: `run of ${name}`, status: 'Failed', texts: [], ...about };
}

interface Scene {
  readonly execution?: Partial<ExecutionState>;
  readonly pipeline?: Partial<PipelineState>;
  readonly stage?: Partial<StageState>;
  readonly actions?: readonly ActionState[];
}

/** The pipeline as the gate left it, but for what the scene says. */
function look(scene: Scene = {}): PipelineSnapshot {
  const stage: StageState = {
    executionId: hold.executionId,
    status: 'Failed',
    type: 'STANDARD',
    isInboundEnabled: true,
    actions: scene.actions ?? [gate, action('Deploy', { status: '', executionId: '' })],
    ...scene.stage,
  };
  return {
    execution: { ...execution, ...scene.execution },
    pipeline: { version: 4, stage, ...scene.pipeline },
  };
}

function fate(scene: Scene = {}, record: HoldRecord = hold, now = NOW): string {
  const { fate, ...rest } = decideResume(record, look(scene), config, now);
  return 'why' in rest ? `${fate}: ${rest.why}` : fate;
}

const marked = (name: string): ActionState =>
  action(name, { texts: [gateRun('orders', 7).texts?.message ?? ''] });

describe('what becomes of a deployment whose time has come', () => {
  const table: [string, Scene, string][] = [
    ['as the gate left it', {}, 'retry'],
    [
      'being retried',
      {
        stage: { status: 'InProgress' },
        actions: [action('Gate', { status: 'InProgress', executionId: 'another' })],
      },
      'going',
    ],
    [
      'retried and failed elsewhere',
      { actions: [action('Gate', { status: 'Succeeded', executionId: 'another' }), action('Deploy')] },
      'going',
    ],
    ['retried and stopped by the gate again', { actions: [marked('Gate')] }, 'going'],
    ['through the stage', { stage: { status: 'Succeeded' } }, 'going'],
    [
      'past the stage, the next one is in it',
      { stage: { executionId: 'newer' }, execution: { status: 'InProgress' } },
      'going',
    ],
    [
      'done, the next one is in the stage',
      { stage: { executionId: 'newer' }, execution: { status: 'Succeeded' } },
      'going',
    ],
    ['superseded', { stage: { executionId: 'newer' } }, 'drop: superseded by a newer execution'],
    [
      'superseded, as the execution says',
      { stage: { executionId: 'newer' }, execution: { status: 'Superseded' } },
      'drop: superseded by a newer execution',
    ],
    [
      'stopped, the next one is in the stage',
      { stage: { executionId: 'newer' }, execution: { status: 'Stopped' } },
      'drop: stopped',
    ],
    ['stopped', { stage: { status: 'Stopped' } }, 'drop: stopped'],
    ['being stopped', { stage: { status: 'Stopping' } }, 'drop: stopped'],
    ['stopped, as the execution says', { execution: { status: 'Stopped' } }, 'drop: stopped'],
    ['cancelled', { stage: { status: 'Cancelled' } }, 'drop: the pipeline was edited'],
    ['edited', { pipeline: { version: 5 } }, 'drop: the pipeline was edited'],
    ['without its stage', { pipeline: { stage: undefined } }, 'drop: the stage is gone'],
    ['a rollback', { stage: { type: 'ROLLBACK' } }, 'drop: it is a rollback'],
    [
      'failed for another reason too',
      { actions: [gate, action('Test')] },
      'give up: the action Test failed too',
    ],
    [
      'failed in an action that is named like a gate of another pipeline',
      { actions: [gate, action('Test', { texts: ['groundcrew-health-gate failed'] })] },
      'give up: the action Test failed too',
    ],
    [
      'stopped by a second gate that is not on record yet',
      { actions: [gate, marked('Gate2')] },
      'later: the event of the gate Gate2',
    ],
    [
      'still running beside the gate',
      { stage: { status: 'InProgress' } },
      'later: other actions of the stage, which still run',
    ],
    [
      'behind a closed transition',
      { stage: { isInboundEnabled: false } },
      'later: the transition into the stage, which is disabled',
    ],
    [
      'known by its marker alone',
      { actions: [action('Gate', { executionId: '', texts: [gateRun('orders', 1).texts?.id ?? ''] })] },
      'retry',
    ],
  ];
  it.each(table)('%s', (_, scene, expected) => {
    expect(fate(scene)).toBe(expected);
  });

  it('gone with its pipeline', () => {
    const why = 'the pipeline or its execution is gone';
    expect(decideResume(hold, { execution }, config, NOW)).toEqual({ fate: 'drop', why });
    expect(decideResume(hold, { pipeline: look().pipeline }, config, NOW)).toEqual({ fate: 'drop', why });
  });
});

describe('limits', () => {
  it('too old is given up, also behind a closed transition, but not if it went on', () => {
    const old = NOW + 24 * HOUR + 1;
    expect(fate({}, hold, old - 1)).toBe('retry');
    expect(fate({}, hold, old)).toBe('give up: older than 24 hours');
    expect(fate({ stage: { isInboundEnabled: false } }, hold, old)).toBe('give up: older than 24 hours');
    expect(fate({ stage: { status: 'Succeeded' } }, hold, old)).toBe('going');
    expect(fate({ stage: { executionId: 'newer' } }, hold, old)).toMatch(/^drop/);
  });

  it('resumed as often as allowed is given up, the claim at hand not counted', () => {
    expect(fate({}, { ...hold, attempts: 3 })).toBe('give up: stopped again after being resumed 3 times');
    expect(fate({}, { ...hold, attempts: 2 })).toBe('retry');
    expect(fate({}, { ...claimRetry({ ...hold, attempts: 2 }, NOW), revision: 'r' })).toBe('retry');
  });
});

describe('failed actions that are not on record', () => {
  const scene = look({ actions: [gate, action('Deploy'), action('Test', { status: 'Succeeded' })] });

  it('are strangers until it is known whose runs they are', () => {
    expect(foreignFailures(hold, scene).map(({ name }) => name)).toEqual(['Deploy']);
    expect(foreignFailures(hold, look())).toEqual([]);
    expect(foreignFailures(hold, {})).toEqual([]);
  });

  it('of an older execution are no reason', () => {
    const own = withoutForeignFailures(hold, scene, new Set(['run 1 of orders', 'run of Test']));
    expect(decideResume(hold, own, config, NOW)).toEqual({ fate: 'retry' });
    const both = withoutForeignFailures(hold, scene, new Set(['run 1 of orders', 'run of Deploy']));
    expect(decideResume(hold, both, config, NOW)).toMatchObject({ fate: 'give up' });
  });
});

describe('a stopped deployment', () => {
  const tagged = new Map([['groundcrew:resume', 'true']]);
  it.each([
    ['of a pipeline that opted in', tagged, {}, undefined],
    ['whose other actions still run', tagged, { status: 'InProgress' }, undefined],
    ['without the tag', new Map(), {}, 'the pipeline is not tagged groundcrew:resume=true'],
    [
      'opted out',
      new Map([['groundcrew:resume', 'false']]),
      {},
      'the pipeline is not tagged groundcrew:resume=true',
    ],
    ['among parallel ones', tagged, { mode: 'PARALLEL' }, 'executions of the pipeline run in parallel'],
    ['that rolls back', tagged, { type: 'ROLLBACK' }, 'it is a rollback'],
    ['stopped meanwhile', tagged, { status: 'Stopped' }, 'the execution is stopped'],
    ['superseded meanwhile', tagged, { status: 'Superseded' }, 'the execution is superseded'],
  ])('%s', (_, tags, about, reason) => {
    expect(notHeldReason(tags, { ...execution, ...about })).toBe(reason);
  });

  it('whose execution is gone', () => {
    expect(notHeldReason(tagged, undefined)).toBe('the execution is gone');
  });
});
