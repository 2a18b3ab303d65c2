import { describe, expect, it } from 'vitest';
import {
  addStageGate,
  claimDisabling,
  decideStep,
  isOurs,
  reconcile,
  type StageHealth,
} from '../../../../functions/health-gate/domain/gated-stage.ts';
import { toIncident } from '../../../../functions/health-gate/domain/incident.ts';
import { issue, NOW } from '../examples.ts';
import { closureOf, gatedStage, location, passedGate, transition } from '../follow-examples.ts';

const MINUTE = 60_000;
const schedule = { coolDownMs: 10 * MINUTE, jitterMs: 0 };
const blocked: StageHealth = { status: 'blocked', issues: [issue()] };
const clear: StageHealth = { status: 'clear', issues: [] };
const unknown: StageHealth = { status: 'unknown', issues: [] };
const overridden: StageHealth = { status: 'overridden', issues: [issue()] };
const coolDown = (minutes: number) => ({ enableAt: NOW + minutes * MINUTE });

describe('the step for a stage', () => {
  it.each([
    ['an open transition during an incident', undefined, blocked, 'disable'],
    ['an open transition while only a calendar is closed', undefined, { ...blocked, issues: [] }, 'none'],
    ['an open transition if the policy only warns', undefined, { ...clear, issues: [issue()] }, 'none'],
    ['an open transition during an override', undefined, overridden, 'none'],
    ['an open transition if AWS Health cannot be read', undefined, unknown, 'none'],
    ['a disabled one during the incident', {}, blocked, 'none'],
    ['a disabled one when the incident is over', {}, clear, 'update'],
    ['a cool-down that has not ended', coolDown(1), clear, 'none'],
    ['a cool-down that has ended', coolDown(0), clear, 'enable'],
    ['a cool-down in which the incident opens again', coolDown(1), blocked, 'update'],
    ['a cool-down in which AWS Health cannot be read', coolDown(1), unknown, 'none'],
    ['a cool-down that ends while AWS Health cannot be read', coolDown(0), unknown, 'update'],
    ['a disabled one during an override', {}, overridden, 'enable'],
    ['a claim whose run still works', { status: 'disabling', claimedAt: NOW - MINUTE }, blocked, 'none'],
    ['a claim whose run has died', { status: 'disabling', claimedAt: NOW - 3 * MINUTE }, clear, 'reconcile'],
    [
      'a claim to enable whose run has died',
      { status: 'enabling', claimedAt: NOW - 3 * MINUTE },
      blocked,
      'reconcile',
    ],
    ['one that a person has enabled, during the incident', { status: 'left' }, blocked, 'none'],
    ['one that a person has enabled, after the incident', { status: 'left' }, clear, 'update'],
  ] as const)('of %s', (_, closure, health, kind) => {
    expect(decideStep(gatedStage(closure), health, schedule, NOW).kind).toBe(kind);
  });

  it('starts the cool-down of a resume', () => {
    const step = decideStep(gatedStage({}), clear, schedule, NOW);

    expect(step).toMatchObject({ closure: { status: 'disabled', enableAt: NOW + 10 * MINUTE } });
  });

  it('ends a cool-down when the incident opens again', () => {
    const step = decideStep(gatedStage(coolDown(1)), blocked, schedule, NOW);

    expect(step).toEqual({ kind: 'update', closure: closureOf() });
  });

  it('names the oldest incident', () => {
    const issues = [
      issue({ arn: 'younger', startedAt: NOW - 1 }),
      issue({ arn: 'older', startedAt: NOW - 2 }),
    ];

    expect(decideStep(gatedStage(), { status: 'blocked', issues }, schedule, NOW)).toMatchObject({
      incident: { arn: 'older' },
    });
  });
});

describe('the reason in the pipeline', () => {
  const reasonOf = (about: Parameters<typeof issue>[0], now = NOW): string =>
    claimDisabling(gatedStage(), toIncident(issue(about)), now).reason;

  it.each([[{}], [{ service: 'MULTIPLE_SERVICES', region: 'global' }], [{ service: 'X'.repeat(100) }]])(
    'has only signs that CodePipeline accepts',
    (about) => {
      expect(reasonOf(about)).toMatch(/^[a-zA-Z0-9!@ ().*?-]{1,300}$/);
    },
  );

  it('is another one each time', () => {
    expect(reasonOf({}, NOW + 1)).not.toBe(reasonOf({}));
  });
});

describe('a transition is ours', () => {
  it.each([
    ['as we left it', {}, true],
    ['not after somebody enabled it', { isEnabled: true }, false],
    ['not with a reason of somebody else', { reason: 'release freeze' }, false],
    ['not if somebody else wrote our reason', { changedBy: 'arn:aws:iam::123456789012:user/ann' }, false],
  ])('%s', (_, about, ours) => {
    expect(isOurs(closureOf(), transition(about))).toBe(ours);
  });
});

describe('after a run has died', () => {
  const disabling = closureOf({ status: 'disabling', changedBy: undefined });
  const enabling = closureOf({ status: 'enabling', enableAt: NOW });

  it.each([
    [
      'disabled it: people are notified',
      disabling,
      transition(),
      { status: 'disabled', notification: 'disabled' },
    ],
    ['did not disable it: it starts again', disabling, transition({ isEnabled: true, changedAt: 0 }), {}],
    [
      'disabled it and a person enabled it: it is left',
      disabling,
      transition({ isEnabled: true, changedAt: NOW + 1 }),
      { status: 'left' },
    ],
    ['did not disable it, but a person did', disabling, transition({ reason: 'release freeze' }), {}],
    ['did not enable it: it is due again', enabling, transition(), { status: 'disabled' }],
    [
      'enabled it: people are notified',
      enabling,
      transition({ isEnabled: true }),
      { notification: 'enabled' },
    ],
    ['did not enable it, but a person did', enabling, transition({ isEnabled: true, changedBy: 'ann' }), {}],
    ['and the stage is gone', enabling, undefined, {}],
  ] as const)('that %s', (_, closure, found, expected) => {
    const { closure: next, notification } = reconcile(closure, found);

    expect({ ...(next && { status: next.status }), ...(notification && { notification }) }).toEqual(expected);
  });
});

describe('a gate of a stage', () => {
  it('is kept with its latest policy', () => {
    const later = passedGate({ at: NOW + 1, jobId: 'job-2' });

    expect(addStageGate(gatedStage(), location, later)?.gates).toEqual([later]);
  });

  it('that is known already changes nothing', () => {
    expect(addStageGate(gatedStage(), location, passedGate())).toBeUndefined();
  });

  it('is kept next to another', () => {
    const other = passedGate({ action: 'Gate2' });

    expect(addStageGate(gatedStage(), location, other)?.gates).toEqual([passedGate(), other]);
  });
});
