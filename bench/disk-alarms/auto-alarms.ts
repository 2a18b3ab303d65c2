import type { Fleet } from './fleet.ts';

// What one daily scan of CloudWatchAutoAlarms calls (https://github.com/aws-samples/amazon-cloudwatch-auto-alarms), read
// in src/actions.py of the commit below. Every scan makes the same calls: it compares nothing with what exists.

export const AUTO_ALARMS_COMMIT = '50afdf6c59356e39a4de9f2fd491a10f34424814';

/** The timeout of its function in its template. */
const TIMEOUT_SECONDS = 600;
/** CloudWatch's default quota of PutMetricAlarm, per second: the scan cannot be faster. */
const PUTS_PER_SECOND = 3;

/** `default`: an alarm on the CPU, one on the memory, one on the root disk. `every disk`: only disks, by its wildcard. */
export type Watched = 'default' | 'every disk';

/** Its calls by action. */
export function countScan({ instances, disksEach }: Fleet, watched: Watched): ReadonlyMap<string, number> {
  const puts = watched === 'default' ? 3 : disksEach;
  return new Map([
    // scan_and_process_alarm_tags lists all once, and check_alarm_tag asks for each instance again.
    ['DescribeInstances', 1 + instances],
    // check_alarm_tag writes the time of the scan into the tag.
    ['CreateTags', instances],
    // determine_platform reads the AMI.
    ['DescribeImages', instances],
    // determine_wildcard_alarms finds the disks of the instance.
    ['ListMetrics', watched === 'default' ? 0 : instances],
    ['PutMetricAlarm', puts * instances],
  ]);
}

/** How many instances a scan can have at most before its function's time limit ends it. */
export function mostInstances(disksEach: number, watched: Watched): number {
  const puts = countScan({ instances: 1, disksEach }, watched).get('PutMetricAlarm') ?? 1;
  return Math.floor((TIMEOUT_SECONDS * PUTS_PER_SECOND) / puts);
}
