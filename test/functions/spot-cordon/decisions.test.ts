import { describe, expect, it } from 'vitest';
import { sortBatch } from '../../../functions/spot-cordon/cordon-instances/group-batch.ts';
import type { Cordon } from '../../../functions/spot-cordon/domain/cordon-record.ts';
import { interruption, maintenance, rebalance } from '../../../functions/spot-cordon/domain/disruption.ts';
import {
  candidates,
  mergeDrained,
  outlivesNotice,
  targetsOf,
} from '../../../functions/spot-cordon/domain/drain-targets.ts';
import type { Group, Instance } from '../../../functions/spot-cordon/domain/instance.ts';
import { chooseReplacement, wantsReplacement } from '../../../functions/spot-cordon/domain/replacement.ts';
import { needsLook, outOfScope } from '../../../functions/spot-cordon/domain/scope.ts';
import { fateAtStateChange, fateAtSweep } from '../../../functions/spot-cordon/domain/uncordon-decision.ts';
import { writeDigest } from '../../../functions/spot-cordon/messages/mail.ts';
import { readOccasion } from '../../../functions/spot-cordon/uncordon-instances/event.ts';
import stateChange from '../../events/instance-state-change.json' with { type: 'json' };
import schedule from '../../events/schedule.json' with { type: 'json' };

const NOW = Date.parse('2026-11-02T10:00:00Z');
const MINUTE = 60_000;
const ID = 'i-abcd1111';
const seen = { instanceId: ID, eventTime: NOW, sourceEventId: 'e' };
const warning = interruption(seen, 'spot interruption', 'terminate');
const advice = rebalance(seen, 30 * MINUTE);
const reboot = maintenance(seen, { reason: 'scheduled reboot', action: 'reboot' }, NOW);

function instance(more: Partial<Instance> = {}): Instance {
  return {
    instanceId: ID,
    state: 'running',
    spot: true,
    vpcId: 'vpc-1',
    privateIps: ['10.0.0.1'],
    tags: {},
    ...more,
  };
}

function cordon(more: Partial<Cordon> = {}): Cordon {
  const { staleAt: _, ...danger } = warning;
  return { ...danger, revision: 'r', status: 'cordoned', steps: {}, ...more };
}

describe('scope', () => {
  const managed = instance({ spot: false, tags: { 'groundcrew:managed': 'true' } });
  it.each([
    ['all', warning, undefined, undefined],
    ['all', advice, undefined, undefined],
    ['all', reboot, instance(), undefined],
    ['all', reboot, managed, undefined],
    ['all', reboot, instance({ spot: false }), 'neither Spot nor tagged'],
    ['all', reboot, undefined, 'no such instance'],
    ['tagged', warning, managed, undefined],
    ['tagged', warning, instance(), 'not tagged'],
    ['tagged', warning, instance({ tags: { 'groundcrew:managed': 'yes' } }), 'not tagged'],
    ['tagged', advice, undefined, 'no such instance'],
  ] as const)('%s, %o, %o: %s', (scope, danger, found, why) => {
    expect(outOfScope(danger, scope, found)).toBe(why);
  });

  it('asks EC2 only when the event leaves it open', () => {
    expect([needsLook(warning, 'all'), needsLook(reboot, 'all'), needsLook(warning, 'tagged')]).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('replacement', () => {
  const group = (lifecycleState: string, capacityRebalance = false): Group => ({
    name: 'workers',
    capacityRebalance,
    targetGroupArns: [],
    members: new Map([[ID, { lifecycleState, protectedFromScaleIn: false }]]),
  });
  it.each([
    ['in service', group('InService'), false, { by: 'detach', group: 'workers' }],
    ['in service with a hook', group('InService'), true, { by: 'terminate', group: 'workers' }],
    ['on standby', group('Standby'), false, { by: 'detach', group: 'workers' }],
    [
      'rebalanced by the group',
      group('InService', true),
      true,
      { by: 'nobody', why: 'Capacity Rebalancing replaces it' },
    ],
    ['leaving', group('Terminating:Wait'), true, { by: 'nobody', why: 'is Terminating:Wait already' }],
    ['detaching', group('Detaching'), false, { by: 'nobody', why: 'is Detaching already' }],
    ['not there yet', group('Pending'), false, { by: 'nobody', why: 'is Pending already' }],
    ['in a warm pool', group('Warmed:Stopped'), false, { by: 'nobody', why: 'is Warmed:Stopped already' }],
    ['in no group', undefined, false, { by: 'nobody', why: 'in no Auto Scaling group' }],
  ])('of an instance %s', (_, found, hook, expected) => {
    expect(chooseReplacement(ID, found, hook)).toEqual(expected);
  });

  const asked = instance({ tags: { 'groundcrew:replace': 'true' } });
  it.each([
    [cordon(), asked, true],
    [cordon(), instance(), false],
    [cordon({ action: 'stop' }), asked, false],
    [cordon({ action: 'hibernate' }), asked, false],
    [cordon({ severity: 'rebalance', action: 'none' }), asked, false],
    [cordon({ severity: 'scheduled', action: 'terminate' }), asked, false],
  ])(
    'is wanted only for a termination that is certain, and only when asked for (%#)',
    (record, found, wanted) => {
      expect(wantsReplacement(record, found)).toBe(wanted);
    },
  );
});

describe('draining', () => {
  const byId = { arn: 'by-id', targetType: 'instance', vpcId: 'vpc-1', inUse: true };
  const byIp = { arn: 'by-ip', targetType: 'ip', vpcId: 'vpc-1', inUse: true };

  it('looks only where the instance can be', () => {
    const all = [
      byId,
      byIp,
      { ...byId, arn: 'lambda', targetType: 'lambda' },
      { ...byId, arn: 'alb', targetType: 'alb' },
      { ...byId, arn: 'elsewhere', vpcId: 'vpc-2' },
      { ...byId, arn: 'unused', inUse: false },
      { ...byId, arn: 'unused but filled', inUse: false },
    ];
    const found = candidates(all, [instance()], new Set(['unused but filled']));
    expect(found.map(({ arn }) => arn)).toEqual(['by-id', 'by-ip', 'unused but filled']);
  });

  it('finds every port, by id or by any address, and leaves alone what drains already', () => {
    const registered = [
      { target: { Id: ID, Port: 80 }, state: 'healthy' },
      { target: { Id: ID, Port: 81 }, state: 'unhealthy' },
      { target: { Id: ID, Port: 82 }, state: 'draining' },
      { target: { Id: '10.0.0.2', Port: 80 }, state: 'initial' },
      { target: { Id: 'i-other', Port: 80 }, state: 'healthy' },
    ];
    const found = instance({ privateIps: ['10.0.0.1', '10.0.0.2'] });
    expect(targetsOf(found, byId, registered).map(({ Port }) => Port)).toEqual([80, 81]);
    expect(targetsOf(found, byIp, registered)).toEqual([{ Id: '10.0.0.2', Port: 80 }]);
  });

  it('remembers each target once', () => {
    const a = { targetGroupArn: 'a', targets: [{ Id: ID, Port: 80 }] };
    expect(
      mergeDrained(
        [a],
        [
          {
            targetGroupArn: 'a',
            targets: [
              { Id: ID, Port: 80 },
              { Id: ID, Port: 81 },
            ],
          },
        ],
      ),
    ).toEqual([
      {
        targetGroupArn: 'a',
        targets: [
          { Id: ID, Port: 80 },
          { Id: ID, Port: 81 },
        ],
      },
    ]);
  });

  it('says which target groups drain for longer than the instance lives', () => {
    expect([outlivesNotice(120), outlivesNotice(121), outlivesNotice(300)]).toEqual([false, true, true]);
  });
});

describe('what the sweep makes of a record', () => {
  const expired = cordon({ severity: 'rebalance', expiresAt: NOW });
  const deferred = cordon({
    severity: 'scheduled',
    status: 'deferred',
    dueAt: NOW + MINUTE,
    expiresAt: NOW + 60 * MINUTE,
  });
  it.each([
    ['of an instance that is gone', cordon(), undefined, NOW, { fate: 'forget', why: 'instance is gone' }],
    [
      'of a terminated one',
      expired,
      instance({ state: 'terminated' }),
      NOW,
      { fate: 'forget', why: 'instance is gone' },
    ],
    ['that has not expired', expired, instance(), NOW - 1, { fate: 'keep', overdue: false }],
    ['that has', expired, instance(), NOW, { fate: 'release', why: 'expired' }],
    [
      'that has, of a stopped instance',
      expired,
      instance({ state: 'stopped' }),
      NOW,
      { fate: 'keep', overdue: false },
    ],
    ['of an interruption', cordon(), instance(), NOW + 5 * MINUTE, { fate: 'keep', overdue: false }],
    [
      'of an interruption that never came',
      cordon(),
      instance(),
      NOW + 13 * MINUTE,
      { fate: 'keep', overdue: true },
    ],
    [
      'that is being released',
      cordon({ status: 'releasing', releasingSince: NOW }),
      instance(),
      NOW + MINUTE,
      { fate: 'keep', overdue: false },
    ],
    [
      'whose release died',
      cordon({ status: 'releasing', releasingSince: NOW }),
      instance(),
      NOW + 2 * MINUTE,
      { fate: 'release', why: 'release was cut short' },
    ],
    ['that is deferred', deferred, instance(), NOW, { fate: 'keep', overdue: false }],
    ['that has come due', deferred, instance(), NOW + MINUTE, { fate: 'hand back' }],
    [
      'that was called off before it came due',
      { ...deferred, expiresAt: NOW },
      instance(),
      NOW,
      { fate: 'forget', why: 'notice has passed' },
    ],
  ])('%s', (_, record, found, now, fate) => {
    expect(fateAtSweep(record, found, now)).toEqual(fate);
  });
});

describe('what a state change makes of a record', () => {
  it.each([
    ['terminated', cordon(), NOW, 'forget'],
    ['running', cordon({ action: 'stop' }), NOW + 1, 'release'],
    ['running', cordon({ action: 'hibernate' }), NOW + 1, 'release'],
    ['running', cordon({ action: 'stop' }), NOW, 'keep'],
    ['running', cordon({ action: 'terminate' }), NOW + 1, 'keep'],
    ['running', cordon({ action: 'terminate' }), NOW + 3 * MINUTE, 'release'],
    ['running', cordon({ severity: 'rebalance', action: 'none' }), NOW + 1, 'keep'],
    ['running', cordon({ status: 'deferred', action: 'stop' }), NOW + 1, 'keep'],
    ['stopped', cordon({ action: 'stop' }), NOW + 1, 'keep'],
  ])('%s of %o', (state, record, time, fate) => {
    expect(fateAtStateChange(record, state, time).fate).toBe(fate);
  });

  it('is read from the event, the sweep from the schedule', () => {
    expect(readOccasion(schedule)).toEqual({ kind: 'sweep' });
    expect(readOccasion(stateChange)).toEqual({
      kind: 'state-change',
      instanceId: 'i-1234567890abcdef0',
      state: 'running',
      time: Date.parse('2026-11-02T10:05:00Z'),
    });
    expect(() => readOccasion({ ...stateChange, detail: { state: 'odd' } })).toThrow(/instance-id/);
    expect(() => readOccasion({ ...stateChange, 'detail-type': 'x' })).toThrow(/detail-type.*x/);
  });
});

describe('a batch', () => {
  it('is sorted by instance and time, and what is too old is dropped and said', () => {
    const old = interruption(
      { ...seen, eventTime: NOW - 5 * MINUTE, sourceEventId: 'old' },
      'spot interruption',
      'stop',
    );
    const early = rebalance({ ...seen, eventTime: NOW - 1 }, 30 * MINUTE);
    const intake = sortBatch(
      [
        { id: 'm1', message: { kind: 'danger', dangers: [warning], ignored: [] } },
        { id: 'm2', message: { kind: 'danger', dangers: [old], ignored: [] } },
        {
          id: 'm3',
          message: {
            kind: 'danger',
            dangers: [early],
            ignored: [{ value: 'h-1', reason: 'is no instance' }],
          },
        },
        { id: 'm4', message: { kind: 'all-clear', instanceIds: ['i-1'], ignored: [], eventTime: NOW } },
        { id: 'm5', message: { kind: 'due', instanceId: 'i-2' } },
      ],
      NOW,
    );
    expect(intake.dangers.get(ID)).toEqual({ messages: ['m1', 'm3'], dangers: [early, warning] });
    expect(intake.cleared.get('i-1')).toEqual({ messages: ['m4'], eventTime: NOW });
    expect(intake.due.get('i-2')).toEqual({ messages: ['m5'], dangers: [] });
    expect(intake.dropped).toEqual([
      {
        instanceId: ID,
        reason: 'too old',
        detail: { severity: 'interruption', sourceEventId: 'old', secondsLate: '180' },
      },
      { instanceId: 'h-1', reason: 'is no instance' },
    ]);
  });
});

describe('the digest', () => {
  it('says what, why, until when and what was done', () => {
    const line = {
      cordon: cordon({ group: 'workers' }),
      outcomes: { drain: '2 targets', replace: 'not asked for' },
      remarks: ['tg drains for 300 s, longer than the notice of 120 s'],
    };
    expect(writeDigest([line])).toEqual({
      subject: 'Groundcrew cordoned 1 instance (1 interruption)',
      text: [
        'Groundcrew cordoned 1 instance (1 interruption).',
        'No new work should be placed on them.',
        '',
        `${ID}: spot interruption, action terminate, deadline 2026-11-02T10:02:00Z, group workers`,
        '  drain: 2 targets',
        '  replace: not asked for',
        '  note: tg drains for 300 s, longer than the notice of 120 s',
        '',
      ].join('\n'),
    });
  });

  it('of a storm stays inside what SNS takes', () => {
    const lines = Array.from({ length: 1000 }, (_, i) => ({
      cordon: cordon({ group: 'g'.repeat(255), severity: i % 2 ? 'rebalance' : 'interruption' }),
      outcomes: { drain: 'x'.repeat(100) },
      remarks: ['y'.repeat(250)],
    }));
    const { subject, text } = writeDigest(lines);
    expect(subject).toBe('Groundcrew cordoned 1000 instances (500 interruption, 500 rebalance)');
    expect(subject.length).toBeLessThan(100);
    expect(Buffer.byteLength(text)).toBeLessThan(256 * 1024);
    expect(text).toContain('... and 800 more');
  });
});
