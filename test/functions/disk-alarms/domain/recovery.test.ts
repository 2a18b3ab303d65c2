import { describe, expect, it } from 'vitest';
import type { Alarm, ExistingAlarm } from '../../../../functions/disk-alarms/domain/alarm.ts';
import { desiredAlarmsFor } from '../../../../functions/disk-alarms/domain/desired/for-instance.ts';
import { type Recovery, silenceReason, topicsOf } from '../../../../functions/disk-alarms/domain/recovery.ts';
import { recoveryMail } from '../../../../functions/disk-alarms/messages/mail.ts';
import { ID, inventory, linux, rules, stored, TOPIC } from '../builders.ts';

const [critical] = desiredAlarmsFor(ID, inventory({ series: linux('/data') }), rules).desired.alarms;
const alarm = stored(critical as Alarm);
const withConfig = (config: Record<string, unknown>): ExistingAlarm => ({
  ...alarm,
  config: { ...alarm.config, ...config },
});
const recovery: Recovery = {
  alarmName: alarm.name,
  reason: 'Threshold Crossed',
  at: '2026-11-28T18:00:00.000+0000',
  becameCritical: false,
  isSuppressed: false,
};

describe('a recovery', () => {
  it('is told to the topics of the alarm', () => {
    expect(silenceReason(recovery, alarm)).toBeUndefined();
    expect(topicsOf(alarm)).toEqual([TOPIC]);
  });

  it.each([
    ['an alarm that is gone', recovery, undefined, 'the alarm is gone'],
    ['an alarm that is not ours', recovery, { ...alarm, metadata: undefined }, 'the alarm is gone or not'],
    ['a warning that became critical', { ...recovery, becameCritical: true }, alarm, 'became critical'],
    ['a suppressed composite', { ...recovery, isSuppressed: true }, alarm, 'suppresses this alarm'],
    ['an alarm that is on again', recovery, withConfig({ StateValue: 'ALARM' }), 'no longer OK'],
    ['an alarm without actions', recovery, withConfig({ ActionsEnabled: false }), 'disabled'],
    ['an alarm without topics', recovery, withConfig({ AlarmActions: [] }), 'no topic'],
  ])('of %s is not told', (_, change, known, reason) => {
    expect(silenceReason(change, known as ExistingAlarm | undefined)).toContain(reason);
  });
});

describe('the message of a recovery', () => {
  it('is a text for people and the JSON of CloudWatch for machines', () => {
    const { subject, text, textByProtocol } = recoveryMail(alarm, recovery);
    expect(subject).toBe(`OK: "groundcrew-disk-${ID}-critical-/data" in eu-west-1`);
    expect(JSON.parse(text)).toMatchObject({
      AlarmName: alarm.name,
      NewStateValue: 'OK',
      OldStateValue: 'ALARM',
      AWSAccountId: '123456789012',
    });
    expect(textByProtocol?.['email']).toMatch(/^Recovered: .*\n\nThe alarm said: Disk \/data of /);
    expect(textByProtocol?.['email']).not.toContain('[groundcrew');
  });

  it('has a subject that SNS accepts, whatever the name of the mount', () => {
    const { subject } = recoveryMail(
      { ...alarm, name: `p-${ID}-critical-/größe/${'x'.repeat(99)}` },
      recovery,
    );
    expect(subject).toMatch(/^[ -~]{99}$/);
  });
});
