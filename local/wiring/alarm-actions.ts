import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Clock } from '../clock.ts';
import { list, type Mapping, mapping } from '../json.ts';
import type { Timers } from './timers.ts';

type AlarmState = 'ALARM' | 'INSUFFICIENT_DATA' | 'OK';

/** What CloudWatch publishes when the state of an alarm changes. No alarm is evaluated on this machine. */
export interface AlarmActions {
  /** Records a PutMetricAlarm or PutCompositeAlarm call. A new alarm is OK with its first data, a minute later. */
  recordAlarm(input: Mapping): void;
  recordDeletion(input: Mapping): void;
  /** Runs the actions of the new state, as CloudWatch does for a SetAlarmState call. */
  recordState(input: Mapping): Promise<void>;
  /** The alarms of a started instance have had no data while it was stopped, and are OK with its first data. */
  recordStart(input: Mapping): void;
  clear(): void;
}

interface KnownAlarm {
  readonly config: Mapping;
  readonly state: AlarmState;
}

interface AlarmActionsOptions {
  readonly sns: SNSClient;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly region: string;
}

const firstDataMs = 60_000;
const actionsByState = {
  ALARM: 'AlarmActions',
  INSUFFICIENT_DATA: 'InsufficientDataActions',
  OK: 'OKActions',
} as const;

export function createAlarmActions({ sns, clock, timers, region }: AlarmActionsOptions): AlarmActions {
  const alarms = new Map<string, KnownAlarm>();
  const change = async (name: string, state: AlarmState, reason: string): Promise<void> => {
    const alarm = alarms.get(name);
    if (!alarm || alarm.state === state) return;
    alarms.set(name, { ...alarm, state });
    if (String(alarm.config.ActionsEnabled) === 'false') return;
    const text = JSON.stringify({
      AlarmName: name,
      NewStateValue: state,
      NewStateReason: reason,
      StateChangeTime: new Date(clock.now()).toISOString(),
      OldStateValue: alarm.state,
    });
    for (const TopicArn of list(alarm.config[actionsByState[state]]).map(String)) {
      const Subject = `${state}: "${name}" in ${region}`.slice(0, 99);
      await sns.send(new PublishCommand({ TopicArn, Subject, Message: text })).catch(ignoreUnusable);
    }
  };
  const expectData = (name: string): void => {
    // Nobody can see an alarm become OK that notifies nobody, and the clock would have to be turned for it.
    if (list(alarms.get(name)?.config.OKActions).length === 0) return;
    timers.runLater(firstDataMs, () =>
      change(name, 'OK', 'Threshold Crossed: no datapoints were breaching.'),
    );
  };
  return {
    recordAlarm: (config) => {
      const name = String(config.AlarmName);
      const known = alarms.get(name);
      alarms.set(name, { config, state: known?.state ?? 'INSUFFICIENT_DATA' });
      if (!known) expectData(name);
    },
    recordDeletion: ({ AlarmNames }) => {
      for (const name of list(AlarmNames)) alarms.delete(String(name));
    },
    recordState: ({ AlarmName, StateReason, StateValue }) =>
      change(String(AlarmName), toState(StateValue), String(StateReason)),
    recordStart: ({ InstanceId, InstanceIds }) => {
      const started = [...list(InstanceId), ...list(InstanceIds)].map(String);
      for (const [name, { config, state }] of alarms) {
        if (state === 'ALARM' || !losesState(config)) continue;
        if (!started.some((id) => namesInstance(config, id))) continue;
        alarms.set(name, { config, state: 'INSUFFICIENT_DATA' });
        expectData(name);
      }
    },
    clear: () => alarms.clear(),
  };
}

/** CloudWatch only records that a topic cannot be used. */
function ignoreUnusable(): void {}

function toState(value: unknown): AlarmState {
  if (value === 'ALARM' || value === 'OK') return value;
  return 'INSUFFICIENT_DATA';
}

/** With another treatment of missing data, a stopped instance does not change the state. */
function losesState({ TreatMissingData: treatment = 'missing' }: Mapping): boolean {
  return treatment === 'missing';
}

/** The alarm itself names a metric, or its queries do. */
function namesInstance(config: Mapping, id: string): boolean {
  const metrics = list(config.Metrics).map((one) => mapping(mapping(mapping(one).MetricStat).Metric));
  return [config, ...metrics].some(({ Dimensions }) =>
    list(Dimensions).some((one) => mapping(one).Name === 'InstanceId' && mapping(one).Value === id),
  );
}
