import { describe, expect, it } from 'vitest';
import { builtInProfiles } from '../../../../functions/disk-alarms/domain/metric-profile.ts';
import {
  otherAlarmPrefixes,
  otherDiskAlarms,
} from '../../../../functions/disk-alarms/domain/other-alarms.ts';
import { ID, instance } from '../builders.ts';

const named = instance({ tags: { Name: 'files-1' } });
const autoName = `AutoAlarm-${ID}-CWAgent-disk_used_percent-device-xvda1-fstype-xfs-path-/-GreaterThanThreshold-80-5m-1p-Average-Created_by_AutoAlarms`;
const sampleName = `files-1-CRITICAL-DiskFreeSpace-Alert_volume-C:,instance-${ID}`;

describe('alarms of other tools', () => {
  it('are looked for by instance and Name', () => {
    expect(otherAlarmPrefixes([named])).toEqual([
      `AutoAlarm-${ID}-`,
      'files-1-Warning-DiskFreeSpace-Alert_',
      'files-1-CRITICAL-DiskFreeSpace-Alert_',
    ]);
  });

  it('are looked for with a bounded number of calls', () => {
    const many = Array.from({ length: 300 }, (_, i) =>
      instance({ instanceId: `i-${i}`, tags: { Name: `n${i}` } }),
    );
    expect(otherAlarmPrefixes(many)).toHaveLength(1 + 2 * 20);
  });

  it('are listed if they watch a disk of these instances', () => {
    const alarms = [
      { name: sampleName, metric: 'FreeStorageSpaceInPercent' },
      { name: autoName, metric: 'disk_used_percent' },
      { name: autoName, metric: 'disk_used_percent' },
      {
        name: `AutoAlarm-${ID}-AWS/EC2-CPUUtilization-GreaterThanThreshold-90-5m-1p-Average`,
        metric: 'CPUUtilization',
      },
      { name: 'AutoAlarm-i-00000009-CWAgent-disk_used_percent', metric: 'disk_used_percent' },
      { name: 'AutoAlarm-of-somebody', metric: 'disk_used_percent' },
    ];
    expect(otherDiskAlarms(alarms, [named], builtInProfiles)).toEqual([autoName, sampleName]);
  });
});
