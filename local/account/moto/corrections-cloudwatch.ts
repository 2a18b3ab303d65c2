import { ServiceError } from '../response.ts';
import { atMost, type Correction } from './correction.ts';

/** The corrections of CloudWatch. Only disk-alarms depends on them. */
export const cloudWatchCorrections: readonly Correction[] = [
  {
    service: 'cloudwatch',
    actions: ['ListMetrics'],
    aws:
      'With RecentlyActive PT3H returns only series with data in the past three hours. A page has 500 series and can be ' +
      'requested again (API reference).',
    moto: 'Ignores RecentlyActive, returns a page only once, and compares every series with every other.',
    patch: 'list_recent_metrics',
  },
  {
    service: 'cloudwatch',
    actions: ['GetMetricData'],
    aws: 'Finds a series by namespace, name and all dimensions, and aligns periods to the clock (API reference).',
    moto: 'Ignores the namespace if dimensions are given, and reads all data for every period.',
    patch: 'index_metric_data',
  },
  {
    service: 'cloudwatch',
    actions: ['GetMetricData'],
    aws: 'Accepts up to 500 queries (API reference).',
    moto: 'Accepts any number.',
    refuse: atMost(500, 'MetricDataQueries'),
  },
  {
    service: 'cloudwatch',
    actions: ['DescribeAlarms'],
    aws: 'Returns up to 100 alarms per page, and only metric alarms unless AlarmTypes says otherwise (API reference).',
    moto: 'Returns all alarms of both types at once.',
    patch: 'paginate_alarms',
  },
  {
    service: 'cloudwatch',
    actions: ['PutMetricAlarm', 'PutCompositeAlarm'],
    aws:
      'A new alarm is in INSUFFICIENT_DATA. An update overwrites the configuration, keeps the state and ignores Tags. A ' +
      'composite alarm stores its suppressor and needs alarms that exist (API reference).',
    moto: 'Every update resets the state to OK, replaces the tags, loses the suppressor and checks nothing.',
    patch: 'update_alarms_in_place',
  },
  {
    service: 'cloudwatch',
    actions: ['PutMetricAlarm', 'PutCompositeAlarm'],
    aws: 'Rejects names over 255 and descriptions over 1024 characters, and control characters in names (API reference).',
    moto: 'Accepts any.',
    refuse: ({ AlarmName: name = '', AlarmDescription: description = '' }) => {
      const isValid =
        String(name).length <= 255 && String(description).length <= 1024 && !/\p{Cc}/u.test(String(name));
      return isValid
        ? undefined
        : new ServiceError('ValidationError', '1 validation error detected: too long');
    },
  },
  {
    service: 'cloudwatch',
    actions: ['DeleteAlarms'],
    aws:
      'Deletes at most one composite alarm per call, ignores unknown names (API reference), and rejects the whole call if ' +
      'a composite alarm depends on one of the alarms: "Cannot delete ... as there are composite alarm(s) depending on them."',
    moto: 'Deletes all alarms, and keeps their tags.',
    patch: 'protect_alarms_of_composites',
  },
  {
    service: 'cloudwatch',
    actions: ['DeleteAlarms'],
    aws: 'Accepts up to 100 names (API reference).',
    moto: 'Accepts any number.',
    refuse: atMost(100, 'AlarmNames'),
  },
  {
    service: 'cloudwatch',
    actions: ['PutMetricAlarm', 'PutCompositeAlarm', 'DeleteAlarms'],
    aws: 'Allows three calls of each action per second (service quotas).',
    moto: 'Allows any number.',
    patch: 'limit_alarm_changes',
  },
];
