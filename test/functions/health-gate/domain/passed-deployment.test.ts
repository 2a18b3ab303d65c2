import { describe, expect, it } from 'vitest';
import { toIncident } from '../../../../functions/health-gate/domain/incident.ts';
import {
  addPass,
  decideNotifications,
  isFollowed,
} from '../../../../functions/health-gate/domain/passed-deployment.ts';
import { issue, NOW } from '../examples.ts';
import { location, passedDeployment, passedGate } from '../follow-examples.ts';

const HOUR = 3_600_000;
const WINDOW = 4 * HOUR;
const incident = toIncident(issue());
const notified = [{ incident }];

function kindsAt(
  about: Parameters<typeof passedDeployment>[0],
  events: Partial<{ issues: ReturnType<typeof issue>[]; isComplete: boolean }>,
  now = NOW,
): readonly string[] {
  const update = decideNotifications(
    passedDeployment(about),
    { issues: [], isComplete: true, ...events },
    WINDOW,
    now,
  );
  return (update?.notifications ?? []).map(({ kind }) => kind);
}

describe('the owners of a passed deployment', () => {
  it.each([
    [
      'are notified about an incident that begins',
      {},
      { issues: [issue({ startedAt: NOW + 1 })] },
      ['passed'],
    ],
    ['are notified about one that AWS published late', {}, { issues: [issue()] }, ['passed']],
    ['are notified once', { notified }, { issues: [issue()] }, []],
    [
      'are notified about each incident',
      { notified },
      { issues: [issue(), issue({ arn: 'another' })] },
      ['passed'],
    ],
    ['are notified that it is over', { notified }, {}, ['over']],
    [
      'are not notified that it is over while AWS Health cannot be read',
      { notified },
      { isComplete: false },
      [],
    ],
    ['are notified about the end once', { notified: [{ incident, isOver: true as const }] }, {}, []],
    [
      'are not notified again if it reopens',
      { notified: [{ incident, isOver: true as const }] },
      { issues: [issue()] },
      [],
    ],
    [
      'are notified about one although another gate cannot be read',
      {},
      { issues: [issue()], isComplete: false },
      ['passed'],
    ],
    ['get no notification without an incident', {}, {}, []],
  ])('%s', (_, about, events, kinds) => {
    expect(kindsAt(about, events)).toEqual(kinds);
  });

  it('are not notified about an incident that begins hours later', () => {
    expect(kindsAt({}, { issues: [issue({ startedAt: NOW + 5 * HOUR })] }, NOW + 5 * HOUR)).toEqual([]);
  });

  it('are notified about the end of an incident that lasts longer than the hours', () => {
    expect(kindsAt({ notified }, {}, NOW + 30 * HOUR)).toEqual(['over']);
  });

  it('get a notification again that SNS has refused, and the write claims it', () => {
    const pending = [{ kind: 'passed', incident, pipeline: 'orders', stage: 'Prod' }] as const;
    const update = decideNotifications(
      passedDeployment({ notifications: pending, notified }),
      { issues: [issue()], isComplete: true },
      WINDOW,
      NOW,
    );

    expect(update?.notifications).toEqual(pending);
    expect(update?.draft.notifications).toEqual([]);
  });
});

describe('a passed deployment is followed', () => {
  it.each([
    ['for some hours', {}, NOW + WINDOW, true],
    ['no longer', {}, NOW + WINDOW + 1, false],
    ['until its incident is over', { notified }, NOW + 40 * HOUR, true],
    ['not after that', { notified: [{ incident, isOver: true as const }] }, NOW + 40 * HOUR, false],
  ])('%s', (_, about, now, followed) => {
    expect(isFollowed(passedDeployment(about), WINDOW, now)).toBe(followed);
  });
});

describe('a second gate of the same deployment', () => {
  it('is added to the record', () => {
    const second = passedGate({ action: 'Gate2', at: NOW + 1 });

    expect(addPass(passedDeployment(), location, second)).toMatchObject({
      gates: [passedGate(), second],
      passedAt: NOW + 1,
    });
  });

  it('changes nothing if its event arrives twice', () => {
    expect(addPass(passedDeployment(), location, passedGate())).toBeUndefined();
  });
});
