import { describe, expect, it } from 'vitest';
import type { HoldRecord } from '../../../../functions/health-gate/domain/hold-record.ts';
import { claimRetry } from '../../../../functions/health-gate/domain/hold-transitions.ts';
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
} from '../../../../functions/health-gate/domain/resume-decision.ts';
import { NOW } from '../examples.ts';
import { config, gateRun, HOUR, keep } from '../resume-account.ts';

const hold = keep('orders');
const execution: ExecutionState = { status: 'Failed', mode: 'SUPERSEDED', type: 'STANDARD', version: 4 };
const gate: ActionState = action('Gate', { executionId: 'run 1 of orders' });

function action(name: string, about: Partial<ActionState> = {}): ActionState {
  return { name, executionId: `run of ${name}`, status: 'Failed', texts: [], ...about };
}

interface PipelineChanges {
  readonly execution?: Partial<ExecutionState>;
  readonly pipeline?: Partial<PipelineState>;
  readonly stage?: Partial<StageState>;
  readonly actions?: readonly ActionState[];
}

/** The pipeline as the gate left it, but for what the changes says. */
function snapshot(changes: PipelineChanges = {}): PipelineSnapshot {
  const stage: StageState = {
    executionId: hold.executionId,
    status: 'Failed',
    type: 'STANDARD',
    isInboundEnabled: true,
    actions: changes.actions ?? [gate, action('Deploy', { status: '', executionId: '' })],
    ...changes.stage,
  };
  return {
    execution: { ...execution, ...changes.execution },
    pipeline: { version: 4, stage, ...changes.pipeline },
  };
}

function decide(changes: PipelineChanges = {}, record: HoldRecord = hold, now = NOW): string {
  const decision = decideResume(record, snapshot(changes), config, now);
  return 'reason' in decision ? `${decision.kind}: ${decision.reason}` : decision.kind;
}

const marked = (name: string): ActionState =>
  action(name, { texts: [gateRun('orders', 7).texts?.message ?? ''] });

describe('the decision about a due deployment', () => {
  const table: [string, PipelineChanges, string][] = [
    ['as the gate left it', {}, 'retry'],
    [
      'being retried',
      {
        stage: { status: 'InProgress' },
        actions: [action('Gate', { status: 'InProgress', executionId: 'another' })],
      },
      'continued',
    ],
    [
      'retried and failed elsewhere',
      { actions: [action('Gate', { status: 'Succeeded', executionId: 'another' }), action('Deploy')] },
      'continued',
    ],
    ['retried and stopped by the gate again', { actions: [marked('Gate')] }, 'continued'],
    ['through the stage', { stage: { status: 'Succeeded' } }, 'continued'],
    [
      'past the stage, the next one is in it',
      { stage: { executionId: 'newer' }, execution: { status: 'InProgress' } },
      'continued',
    ],
    [
      'done, the next one is in the stage',
      { stage: { executionId: 'newer' }, execution: { status: 'Succeeded' } },
      'continued',
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
    ['without its stage', { pipeline: { stage: undefined } }, 'drop: the stage no longer exists'],
    ['a rollback', { stage: { type: 'ROLLBACK' } }, 'drop: it is a rollback'],
    [
      'failed for another reason too',
      { actions: [gate, action('Test')] },
      'abandon: the action Test failed too',
    ],
    [
      'failed in an action that is named like a gate of another pipeline',
      { actions: [gate, action('Test', { texts: ['groundcrew-health-gate failed'] })] },
      'abandon: the action Test failed too',
    ],
    [
      'stopped by a second gate that is not on record yet',
      { actions: [gate, marked('Gate2')] },
      'postpone: the event of the gate Gate2',
    ],
    [
      'still running beside the gate',
      { stage: { status: 'InProgress' } },
      'postpone: other actions of the stage, which still run',
    ],
    [
      'behind a closed transition',
      { stage: { isInboundEnabled: false } },
      'postpone: the transition into the stage, which is disabled',
    ],
    [
      'known by its marker alone',
      { actions: [action('Gate', { executionId: '', texts: [gateRun('orders', 1).texts?.id ?? ''] })] },
      'retry',
    ],
  ];
  it.each(table)('%s', (_, changes, expected) => {
    expect(decide(changes)).toBe(expected);
  });

  it('gone with its pipeline', () => {
    const reason = 'the pipeline or its execution no longer exists';
    expect(decideResume(hold, { execution }, config, NOW)).toEqual({ kind: 'drop', reason });
    expect(decideResume(hold, { pipeline: snapshot().pipeline }, config, NOW)).toEqual({
      kind: 'drop',
      reason,
    });
  });
});

describe('limits', () => {
  it('too old is abandoned, also behind a closed transition, but not if it went on', () => {
    const old = NOW + 24 * HOUR + 1;
    expect(decide({}, hold, old - 1)).toBe('retry');
    expect(decide({}, hold, old)).toBe('abandon: older than 24 hours');
    expect(decide({ stage: { isInboundEnabled: false } }, hold, old)).toBe('abandon: older than 24 hours');
    expect(decide({ stage: { status: 'Succeeded' } }, hold, old)).toBe('continued');
    expect(decide({ stage: { executionId: 'newer' } }, hold, old)).toMatch(/^drop/);
  });

  it('resumed as often as allowed is abandoned, the claim at hand not counted', () => {
    expect(decide({}, { ...hold, attempts: 3 })).toBe('abandon: stopped again after being resumed 3 times');
    expect(decide({}, { ...hold, attempts: 2 })).toBe('retry');
    expect(decide({}, { ...claimRetry({ ...hold, attempts: 2 }, NOW), revision: 'r' })).toBe('retry');
  });
});

describe('failed actions that are not on record', () => {
  const changes = snapshot({ actions: [gate, action('Deploy'), action('Test', { status: 'Succeeded' })] });

  it('are foreign until their execution is known', () => {
    expect(foreignFailures(hold, changes).map(({ name }) => name)).toEqual(['Deploy']);
    expect(foreignFailures(hold, snapshot())).toEqual([]);
    expect(foreignFailures(hold, {})).toEqual([]);
  });

  it('of an older execution are no reason', () => {
    const own = withoutForeignFailures(hold, changes, new Set(['run 1 of orders', 'run of Test']));
    expect(decideResume(hold, own, config, NOW)).toEqual({ kind: 'retry' });
    const both = withoutForeignFailures(hold, changes, new Set(['run 1 of orders', 'run of Deploy']));
    expect(decideResume(hold, both, config, NOW)).toMatchObject({ kind: 'abandon' });
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
    ['among parallel ones', tagged, { mode: 'PARALLEL' }, 'the pipeline runs executions in parallel'],
    ['that rolls back', tagged, { type: 'ROLLBACK' }, 'it is a rollback'],
    ['stopped meanwhile', tagged, { status: 'Stopped' }, 'the execution is stopped'],
    ['superseded meanwhile', tagged, { status: 'Superseded' }, 'the execution is superseded'],
  ])('%s', (_, tags, about, reason) => {
    expect(notHeldReason(tags, { ...execution, ...about })).toBe(reason);
  });

  it('whose execution is gone', () => {
    expect(notHeldReason(tagged, undefined)).toBe('the execution no longer exists');
  });
});
