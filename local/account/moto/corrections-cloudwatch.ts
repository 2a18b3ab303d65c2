import { ServiceError } from '../response.ts';
import { atMost, type Correction } from './correction.ts';

/** Those of CloudWatch, which only the reconciliation of its alarms depends on. */
export const cloudWatchCorrections: readonly Correction[] = [
  {
    service: 'cloudwatch',
    actions: ['ListMetrics'],
    aws:
      'With RecentlyActive PT3H lists only what had data in the past three hours; 500 to a page, and a page can be asked ' +
      'for again (API reference).',
    moto: 'Ignores RecentlyActive, forgets a page once it was given, and compares every series with every other.',
    patch: 'recent_metrics_listed',
  },
  {
    service: 'cloudwatch',
    actions: ['GetMetricData'],
    aws: 'Finds a series by namespace, name and all its dimensions, and aligns periods to the clock (API reference).',
    moto: 'Ignores the namespace where dimensions are given, and goes through all data for every period.',
    patch: 'metric_data_by_series',
  },
  {
    service: 'cloudwatch',
    actions: ['GetMetricData'],
    aws: 'Takes up to 500 queries (API reference).',
    moto: 'Takes any number.',
    refuse: atMost(500, 'MetricDataQueries'),
  },
  {
    service: 'cloudwatch',
    actions: ['DescribeAlarms'],
    aws: 'Answers up to 100 alarms to a page, and metric alarms alone unless AlarmTypes says more (API reference).',
    moto: 'Answers all of both kinds at once.',
    patch: 'alarms_paged',
  },
  {
    service: 'cloudwatch',
    actions: ['PutMetricAlarm', 'PutCompositeAlarm'],
    aws:
      'A new alarm is in INSUFFICIENT_DATA. An update overwrites the configuration, leaves the state and ignores Tags. A ' +
      'composite alarm keeps its suppressor and needs alarms that exist (API reference).',
    moto: 'Begins anew with OK at every update, takes the tags, forgets the suppressor and asks for nothing.',
    patch: 'alarms_updated_in_place',
  },
  {
    service: 'cloudwatch',
    actions: ['PutMetricAlarm', 'PutCompositeAlarm'],
    aws: 'Refuses names above 255 and descriptions above 1024 characters, and control characters in a name (API reference).',
    moto: 'Takes any.',
    refuse: ({ AlarmName: name = '', AlarmDescription: description = '' }) => {
      const isFit =
        String(name).length <= 255 && String(description).length <= 1024 && !/\p{Cc}/u.test(String(name));
      return isFit ? undefined : new ServiceError('ValidationError', '1 validation error detected: too long');
    },
  },
  {
    service: 'cloudwatch',
    actions: ['DeleteAlarms'],
    aws:
      'Deletes at most one composite alarm a call, ignores unknown names (API reference), and refuses the whole call for ' +
      'an alarm that a composite one depends on: "Cannot delete ... as there are composite alarm(s) depending on them."',
    moto: 'Deletes all, and keeps their tags.',
    patch: 'composites_hold_their_alarms',
  },
  {
    service: 'cloudwatch',
    actions: ['DeleteAlarms'],
    aws: 'Takes up to 100 names (API reference).',
    moto: 'Takes any number.',
    refuse: atMost(100, 'AlarmNames'),
  },
  {
    service: 'cloudwatch',
    actions: ['PutMetricAlarm', 'PutCompositeAlarm', 'DeleteAlarms'],
    aws: 'Allows three of each a second (service quotas).',
    moto: 'Allows any number.',
    patch: 'three_changes_a_second',
  },
];
