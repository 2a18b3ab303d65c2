import { describe, expect, it } from 'vitest';
import {
  type DesiredAlarmsOptions,
  desiredAlarmsFor,
} from '../../../../../functions/disk-alarms/domain/desired/for-instance.ts';
import { planChanges } from '../../../../../functions/disk-alarms/domain/plan.ts';
import { namedTopics } from '../../../../../functions/disk-alarms/domain/topic.ts';
import { ID, instance, inventory, type Look, linux, rules, stored, TOPIC } from '../../builders.ts';

const two = { series: [...linux('/data', { device: 'sdb' }), ...linux('/logs', { device: 'sdc' })] };
const tagged = (tags: Readonly<Record<string, string>>): Look => ({
  ...two,
  instances: [instance({ tags })],
});
const decide = (look: Look, more: Partial<DesiredAlarmsOptions> = {}) =>
  desiredAlarmsFor(ID, inventory(look), { ...rules, ...more });
const critical = (look: Look, more: Partial<DesiredAlarmsOptions> = {}) =>
  decide(look, more)
    .desired.alarms.filter(({ name }) => name.includes('-critical-'))
    .map(({ name, config }) => [
      name.slice(name.lastIndexOf('/')),
      'Threshold' in config ? config.Threshold : undefined,
      config.AlarmActions[0],
    ]);
const team = 'arn:aws:sns:eu-west-1:123456789012:team';

describe('a tag for one mount', () => {
  it('changes the thresholds of that mount only', () => {
    expect(critical(tagged({ 'groundcrew:disk-mount': '/data 8/5' }))).toEqual([
      ['/data', 95, TOPIC],
      ['/logs', 80, TOPIC],
    ]);
  });

  it('changes the topic of that mount only, also in a direct call', () => {
    const look = tagged({ 'groundcrew:disk-mount:x': ' /logs  topic=team ' });
    const called = 'arn:aws:sns:eu-west-1:123456789012:called';
    expect(critical(look)).toEqual([
      ['/data', 80, TOPIC],
      ['/logs', 80, team],
    ]);
    expect(critical(look, { topicArn: called }).map(([, , topic]) => topic)).toEqual([called, team]);
  });

  it('excludes that mount, and its alarms are deleted', () => {
    const existing = decide(two).desired.alarms.map((alarm) => stored(alarm));
    const off = decide({ ...tagged({ 'groundcrew:disk-mount': '/logs off' }), existing });
    expect(off).toMatchObject({
      disks: 1,
      skipped: [{ what: `${ID} /logs`, reason: 'tag groundcrew:disk-mount is off' }],
    });
    expect(planChanges([off.desired], existing).delete.map(({ name }) => name)).toEqual([
      `groundcrew-disk-${ID}-critical-/logs`,
      `groundcrew-disk-${ID}-warning-/logs`,
    ]);
  });

  it('has a suffix for each further mount', () => {
    const tags = {
      'groundcrew:disk-mount': '/data 8/5',
      'groundcrew:disk-mount:logs': '/logs 20/15 topic=team',
    };
    expect(critical(tagged(tags))).toEqual([
      ['/data', 95, TOPIC],
      ['/logs', 85, team],
    ]);
  });

  it('may name a mount with spaces', () => {
    const look = {
      series: linux('/my data'),
      instances: [instance({ tags: { 'groundcrew:disk-mount': '/my data off' } })],
    };
    expect(decide(look).desired.alarms).toEqual([]);
  });

  it('whose topic cannot be used gets the default topic, and the reason is told', () => {
    const look = {
      ...tagged({ 'groundcrew:disk-mount': '/logs topic=team' }),
      unusableTopics: new Map([[team, 'gone']]),
    };
    expect(critical(look)).toEqual([
      ['/data', 80, TOPIC],
      ['/logs', 80, TOPIC],
    ]);
    expect(decide(look).topicFaults).toEqual(['gone']);
  });

  it('names a topic that is looked up', () => {
    const tags = { 'groundcrew:disk-mount': '/logs topic=team', 'groundcrew:disk-mount:2': 'nonsense' };
    expect(namedTopics([{ tags }], new Map(), TOPIC)).toEqual([team]);
  });

  it('that names no disk is reported and changes nothing', () => {
    const merged = linux('/srv/data', { device: 'sdb' });
    const tags = { 'groundcrew:disk-mount': '/dta off', 'groundcrew:disk-mount:2': '/srv/data off' };
    const decided = decide({ series: [...two.series, ...merged], instances: [instance({ tags })] });
    expect(decided.disks).toBe(2);
    expect(decided.skipped).toEqual([
      { what: `${ID} /srv/data`, reason: 'the same disk as /data' },
      { what: `${ID} /dta`, reason: 'tag groundcrew:disk-mount names no disk of this instance' },
      { what: `${ID} /srv/data`, reason: 'tag groundcrew:disk-mount:2 must name /data, the same disk' },
    ]);
  });

  it.each(['/data', 'off', '25/10', '/data 10/25', '/data 8/5 off', '/data 8/5 9/6', '/data topic=', ''])(
    'that is invalid leaves the alarms unchanged: %j',
    (value) => {
      const { desired, skipped } = decide(tagged({ 'groundcrew:disk-mount': value }));
      expect(desired).toMatchObject({ alarms: [], mayDelete: false });
      expect(skipped).toEqual([
        {
          what: ID,
          reason: expect.stringMatching(/^tag groundcrew:disk-mount is .*, expected a mount and off/),
        },
      ]);
    },
  );

  it('that names a mount twice is invalid', () => {
    const tags = { 'groundcrew:disk-mount:a': '/data off', 'groundcrew:disk-mount:b': '/data 8/5' };
    expect(decide(tagged(tags)).skipped[0]?.reason).toBe(
      'tag groundcrew:disk-mount:b names /data, which the tag groundcrew:disk-mount:a names, too',
    );
  });
});

describe('one disk with several mounts', () => {
  const bind = ['/', '/srv/www', '/var/www'].flatMap((mount) => linux(mount));

  it('has two alarms, named by its shortest mount', () => {
    const { desired, skipped, disks } = decide({ series: bind });
    expect(desired.alarms.map(({ name }) => name)).toEqual([
      `groundcrew-disk-${ID}-critical-/`,
      `groundcrew-disk-${ID}-warning-/`,
    ]);
    expect(disks).toBe(1);
    expect(skipped.map(({ reason }) => reason)).toEqual(Array(2).fill('the same disk as /'));
  });

  it('keeps its alarms when a bind mount comes or goes, and earlier alarms of other mounts are deleted', () => {
    const existing = ['/', '/srv/www'].flatMap((mount) =>
      decide({ series: linux(mount) }).desired.alarms.map((alarm) => stored(alarm)),
    );
    const plan = planChanges([decide({ series: bind, existing }).desired], existing);
    expect(plan).toMatchObject({ create: [], update: [] });
    expect(plan.delete.map(({ name }) => name)).toEqual([
      `groundcrew-disk-${ID}-critical-/srv/www`,
      `groundcrew-disk-${ID}-warning-/srv/www`,
    ]);
  });
});
