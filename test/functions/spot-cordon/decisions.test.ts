import { describe, expect, it } from 'vitest';
import { groupBatchByInstance } from '../../../functions/spot-cordon/cordon-instances/group-batch.ts';
import type { CordonRecord } from '../../../functions/spot-cordon/domain/cordon-record.ts';
import {
  interruptionDisruption,
  maintenanceDisruption,
  rebalanceDisruption,
} from '../../../functions/spot-cordon/domain/disruption.ts';
import {
  drainsLongerThanNotice,
  mergeDrainedTargets,
  targetGroupsToSearch,
  targetsOfInstance,
} from '../../../functions/spot-cordon/domain/drain-targets.ts';
import type { AutoScalingGroup, Instance } from '../../../functions/spot-cordon/domain/instance.ts';
import { chooseReplacement, shouldReplace } from '../../../functions/spot-cordon/domain/replacement.ts';
import { mustDescribeFirst, outOfScopeReason } from '../../../functions/spot-cordon/domain/scope.ts';
import {
  decideAtStateChange,
  decideAtSweep,
} from '../../../functions/spot-cordon/domain/uncordon-decision.ts';
import { cordonSummaryMail } from '../../../functions/spot-cordon/messages/mail.ts';
import { parseTriggerEvent } from '../../../functions/spot-cordon/uncordon-instances/event.ts';
import stateChange from '../../events/instance-state-change.json' with { type: 'json' };
import schedule from '../../events/schedule.json' with { type: 'json' };

const NOW = Date.parse('2026-11-02T10:00:00Z');
const MINUTE = 60_000;
const ID = 'i-abcd1111';
const seen = { instanceId: ID, eventTime: NOW, sourceEventId: 'e' };
const warning = interruptionDisruption(seen, 'spot interruption', 'terminate');
const advice = rebalanceDisruption(seen, 30 * MINUTE);
const reboot = maintenanceDisruption(seen, { reason: 'scheduled reboot', action: 'reboot' }, NOW);

function instance(more: Partial<Instance> = {}): Instance {
  return {
    instanceId: ID,
    state: 'running',
    isSpot: true,
    vpcId: 'vpc-1',
    privateIps: ['10.0.0.1'],
    tags: {},
    ...more,
  };
}

function cordon(more: Partial<CordonRecord> = {}): CordonRecord {
  const { staleAt: _, ...disruption } = warning;
  return { ...disruption, revision: 'r', status: 'cordoned', steps: {}, ...more };
}

describe('scope', () => {
  const managed = instance({ isSpot: false, tags: { 'groundcrew:managed': 'true' } });
  it.each([
    ['all', warning, undefined, undefined],
    ['all', advice, undefined, undefined],
    ['all', reboot, instance(), undefined],
    ['all', reboot, managed, undefined],
    ['all', reboot, instance({ isSpot: false }), 'neither Spot nor tagged'],
    ['all', reboot, undefined, 'no such instance'],
    ['tagged', warning, managed, undefined],
    ['tagged', warning, instance(), 'not tagged'],
    ['tagged', warning, instance({ tags: { 'groundcrew:managed': 'yes' } }), 'not tagged'],
    ['tagged', advice, undefined, 'no such instance'],
  ] as const)('%s, %o, %o: %s', (scope, disruption, found, reason) => {
    expect(outOfScopeReason(disruption, scope, found)).toBe(reason);
  });

  it('asks EC2 only when the event leaves it open', () => {
    expect([
      mustDescribeFirst(warning, 'all'),
      mustDescribeFirst(reboot, 'all'),
      mustDescribeFirst(warning, 'tagged'),
    ]).toEqual([false, true, true]);
  });
});

describe('replacement', () => {
  const group = (lifecycleState: string, hasCapacityRebalancing = false): AutoScalingGroup => ({
    name: 'workers',
    hasCapacityRebalancing,
    targetGroupArns: [],
    members: new Map([[ID, { lifecycleState, isProtected: false }]]),
  });
  it.each([
    ['in service', group('InService'), false, { kind: 'detach', group: 'workers' }],
    ['in service with a hook', group('InService'), true, { kind: 'terminate', group: 'workers' }],
    ['on standby', group('Standby'), false, { kind: 'detach', group: 'workers' }],
    [
      'rebalanced by the group',
      group('InService', true),
      true,
      { kind: 'none', reason: 'Capacity Rebalancing replaces it' },
    ],
    ['leaving', group('Terminating:Wait'), true, { kind: 'none', reason: 'is already Terminating:Wait' }],
    ['detaching', group('Detaching'), false, { kind: 'none', reason: 'is already Detaching' }],
    ['not there yet', group('Pending'), false, { kind: 'none', reason: 'is already Pending' }],
    ['in a warm pool', group('Warmed:Stopped'), false, { kind: 'none', reason: 'is already Warmed:Stopped' }],
    ['in no group', undefined, false, { kind: 'none', reason: 'in no Auto Scaling group' }],
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
      expect(shouldReplace(record, found)).toBe(wanted);
    },
  );
});

describe('draining', () => {
  const byId = { arn: 'by-id', targetType: 'instance', vpcId: 'vpc-1', isInUse: true };
  const byIp = { arn: 'by-ip', targetType: 'ip', vpcId: 'vpc-1', isInUse: true };

  it('looks only where the instance can be', () => {
    const all = [
      byId,
      byIp,
      { ...byId, arn: 'lambda', targetType: 'lambda' },
      { ...byId, arn: 'alb', targetType: 'alb' },
      { ...byId, arn: 'elsewhere', vpcId: 'vpc-2' },
      { ...byId, arn: 'unused', isInUse: false },
      { ...byId, arn: 'unused but filled', isInUse: false },
    ];
    const found = targetGroupsToSearch(all, [instance()], new Set(['unused but filled']));
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
    expect(targetsOfInstance(found, byId, registered).map(({ Port }) => Port)).toEqual([80, 81]);
    expect(targetsOfInstance(found, byIp, registered)).toEqual([{ Id: '10.0.0.2', Port: 80 }]);
  });

  it('remembers each target once', () => {
    const a = { targetGroupArn: 'a', targets: [{ Id: ID, Port: 80 }] };
    expect(
      mergeDrainedTargets(
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
    expect([drainsLongerThanNotice(120), drainsLongerThanNotice(121), drainsLongerThanNotice(300)]).toEqual([
      false,
      true,
      true,
    ]);
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
    [
      'of an instance that is gone',
      cordon(),
      undefined,
      NOW,
      { kind: 'delete', reason: 'instance terminated' },
    ],
    [
      'of a terminated one',
      expired,
      instance({ state: 'terminated' }),
      NOW,
      { kind: 'delete', reason: 'instance terminated' },
    ],
    ['that has not expired', expired, instance(), NOW - 1, { kind: 'keep', isOverdue: false }],
    ['that has', expired, instance(), NOW, { kind: 'uncordon', reason: 'expired' }],
    [
      'that has, of a stopped instance',
      expired,
      instance({ state: 'stopped' }),
      NOW,
      { kind: 'keep', isOverdue: false },
    ],
    ['of an interruption', cordon(), instance(), NOW + 5 * MINUTE, { kind: 'keep', isOverdue: false }],
    [
      'of an interruption that never came',
      cordon(),
      instance(),
      NOW + 13 * MINUTE,
      { kind: 'keep', isOverdue: true },
    ],
    [
      'that is being released',
      cordon({ status: 'uncordoning', uncordoningSince: NOW }),
      instance(),
      NOW + MINUTE,
      { kind: 'keep', isOverdue: false },
    ],
    [
      'whose release died',
      cordon({ status: 'uncordoning', uncordoningSince: NOW }),
      instance(),
      NOW + 2 * MINUTE,
      { kind: 'uncordon', reason: 'uncordon was cut short' },
    ],
    ['that is deferred', deferred, instance(), NOW, { kind: 'keep', isOverdue: false }],
    ['that has come due', deferred, instance(), NOW + MINUTE, { kind: 'requeue' }],
    [
      'that was called off before it came due',
      { ...deferred, expiresAt: NOW },
      instance(),
      NOW,
      { kind: 'delete', reason: 'maintenance is over' },
    ],
  ])('%s', (_, record, found, now, decision) => {
    expect(decideAtSweep(record, found, now)).toEqual(decision);
  });
});

describe('what a state change makes of a record', () => {
  it.each([
    ['terminated', cordon(), NOW, 'delete'],
    ['running', cordon({ action: 'stop' }), NOW + 1, 'uncordon'],
    ['running', cordon({ action: 'hibernate' }), NOW + 1, 'uncordon'],
    ['running', cordon({ action: 'stop' }), NOW, 'keep'],
    ['running', cordon({ action: 'terminate' }), NOW + 1, 'keep'],
    ['running', cordon({ action: 'terminate' }), NOW + 3 * MINUTE, 'uncordon'],
    ['running', cordon({ severity: 'rebalance', action: 'none' }), NOW + 1, 'keep'],
    ['running', cordon({ status: 'deferred', action: 'stop' }), NOW + 1, 'keep'],
    ['stopped', cordon({ action: 'stop' }), NOW + 1, 'keep'],
  ])('%s of %o', (state, record, time, decision) => {
    expect(decideAtStateChange(record, state, time).kind).toBe(decision);
  });

  it('is read from the event, the sweep from the schedule', () => {
    expect(parseTriggerEvent(schedule)).toEqual({ kind: 'sweep' });
    expect(parseTriggerEvent(stateChange)).toEqual({
      kind: 'state-change',
      instanceId: 'i-1234567890abcdef0',
      state: 'running',
      eventTime: Date.parse('2026-11-02T10:05:00Z'),
    });
    expect(() => parseTriggerEvent({ ...stateChange, detail: { state: 'odd' } })).toThrow(/instance-id/);
    expect(() => parseTriggerEvent({ ...stateChange, 'detail-type': 'x' })).toThrow(/detail-type.*x/);
  });
});

describe('a batch', () => {
  it('is sorted by instance and time, and what is too old is dropped and said', () => {
    const old = interruptionDisruption(
      { ...seen, eventTime: NOW - 5 * MINUTE, sourceEventId: 'old' },
      'spot interruption',
      'stop',
    );
    const early = rebalanceDisruption({ ...seen, eventTime: NOW - 1 }, 30 * MINUTE);
    const batch = groupBatchByInstance(
      [
        { id: 'm1', message: { kind: 'disruption', disruptions: [warning], ignored: [] } },
        { id: 'm2', message: { kind: 'disruption', disruptions: [old], ignored: [] } },
        {
          id: 'm3',
          message: {
            kind: 'disruption',
            disruptions: [early],
            ignored: [{ value: 'h-1', reason: 'is not an instance' }],
          },
        },
        { id: 'm4', message: { kind: 'cancellation', instanceIds: ['i-1'], ignored: [], eventTime: NOW } },
        { id: 'm5', message: { kind: 'due', instanceId: 'i-2' } },
      ],
      NOW,
    );
    expect(batch.disruptions.get(ID)).toEqual({ messageIds: ['m1', 'm3'], disruptions: [early, warning] });
    expect(batch.cancellations.get('i-1')).toEqual({ messageIds: ['m4'], eventTime: NOW });
    expect(batch.due.get('i-2')).toEqual({ messageIds: ['m5'], disruptions: [] });
    expect(batch.dropped).toEqual([
      {
        instanceId: ID,
        reason: 'too old',
        detail: { severity: 'interruption', sourceEventId: 'old', secondsLate: '180' },
      },
      { instanceId: 'h-1', reason: 'is not an instance' },
    ]);
  });
});

describe('the digest', () => {
  it('says what, why, until when and what was done', () => {
    const line = {
      record: cordon({ group: 'workers' }),
      outcomes: { drain: '2 targets', replace: 'not requested' },
      remarks: ['tg drains for 300 s, longer than the notice of 120 s'],
    };
    expect(cordonSummaryMail([line])).toEqual({
      subject: 'Groundcrew cordoned 1 instance (1 interruption)',
      text: [
        'Groundcrew cordoned 1 instance (1 interruption).',
        'You need to act only if you place work by hand: place no new work on these instances.',
        '',
        `${ID}: spot interruption, action terminate, deadline 2026-11-02 10:02:00 UTC, group workers`,
        '  drain: 2 targets',
        '  replace: not requested',
        '  note: tg drains for 300 s, longer than the notice of 120 s',
        '',
      ].join('\n'),
    });
  });

  it('of a storm stays inside what SNS takes', () => {
    const lines = Array.from({ length: 1000 }, (_, i) => ({
      record: cordon({ group: 'g'.repeat(255), severity: i % 2 ? 'rebalance' : 'interruption' }),
      outcomes: { drain: 'x'.repeat(100) },
      remarks: ['y'.repeat(250)],
    }));
    const { subject, text } = cordonSummaryMail(lines);
    expect(subject).toBe('Groundcrew cordoned 1000 instances (500 interruption, 500 rebalance)');
    expect(subject.length).toBeLessThan(100);
    expect(Buffer.byteLength(text)).toBeLessThan(256 * 1024);
    expect(text).toContain('... and 800 more');
  });
});
