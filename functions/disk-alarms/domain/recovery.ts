import type { ExistingAlarm } from './alarm.ts';
import { isTopic } from './topic.ts';

/** A change of one of our alarms from ALARM to OK. */
export interface Recovery {
  readonly alarmName: string;
  /** CloudWatch's reason for the change. */
  readonly reason: string;
  /** Time of the change, as CloudWatch writes it. */
  readonly at: string;
  /** The warning is off because the disk is now below the critical threshold. */
  readonly becameCritical: boolean;
  /** The suppressor of a composite alarm is still on. */
  readonly isSuppressed: boolean;
}

/** @returns why people should not hear of the recovery; undefined if they should. `alarm` is its state now. */
export function silenceReason(recovery: Recovery, alarm: ExistingAlarm | undefined): string | undefined {
  if (alarm?.metadata === undefined) return 'the alarm is gone or not managed by Groundcrew';
  if (recovery.becameCritical) return 'the disk became critical';
  if (recovery.isSuppressed) return 'the critical alarm suppresses this alarm';
  if (alarm.config['StateValue'] !== 'OK') return 'the alarm is no longer OK';
  if (alarm.config['ActionsEnabled'] === false) return 'the actions of the alarm are disabled';
  return topicsOf(alarm).length === 0 ? 'the alarm notifies no topic' : undefined;
}

/** The topics that the alarm notifies when it goes off. */
export function topicsOf({ config }: Pick<ExistingAlarm, 'config'>): string[] {
  const actions = config['AlarmActions'];
  return Array.isArray(actions) ? actions.filter(isTopic) : [];
}
