import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Pack, startPack } from '../../../local/pack/pack.ts';
import { stateChange } from '../../../local/scenarios/disk-alarms/events.ts';
import { reportLinux, reportWindows, runServers } from '../../../local/scenarios/disk-alarms/servers.ts';

let pack: Pack;
beforeAll(async () => {
  pack = await startPack({ wings: { 'disk-alarms': { Mode: 'fleet' } } });
}, 120_000);
afterAll(() => pack.close());

it('keeps two alarms for each kind of disk, regardless of their number', async () => {
  const [linux = '', windows = ''] = await runServers(pack, 'any', 2);
  await reportLinux(pack, linux, [{ mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 50 }]);
  await reportWindows(pack, windows, [{ mount: 'C:', sizeGb: 100, free: 50 }]);
  for (let times = 0; times < 2; times += 1) {
    await pack.fire('ReconcileDiskAlarmsHourly');
    await pack.settle();
  }
  const { MetricAlarms = [] } = await pack.client(CloudWatchClient).send(new DescribeAlarmsCommand({}));
  const found = MetricAlarms.map(({ AlarmName, Metrics, Threshold, ComparisonOperator }) => [
    AlarmName,
    Metrics?.[0]?.Expression,
    `${ComparisonOperator} ${Threshold}`,
  ]);
  const share = `SELECT MIN("LogicalDisk % Free Space") FROM "CWAgent" WHERE "instance" != '_Total' GROUP BY InstanceId, "instance" ORDER BY MIN() ASC`;
  const used = `SELECT MAX("disk_used_percent") FROM "CWAgent" WHERE fstype != 'devtmpfs' AND fstype != 'overlay' AND fstype != 'squashfs' AND fstype != 'tmpfs' AND fstype != 'vfat' AND fstype != 'iso9660' AND fstype != 'nfs' AND fstype != 'nfs4' GROUP BY InstanceId, "path" ORDER BY MAX() DESC`;
  expect(found).toEqual([
    ['groundcrew-disk-fleet-critical-linux', used, 'GreaterThanThreshold 80'],
    ['groundcrew-disk-fleet-critical-windows', share, 'LessThanThreshold 20'],
    ['groundcrew-disk-fleet-warning-linux', used, 'GreaterThanThreshold 70'],
    ['groundcrew-disk-fleet-warning-windows', share, 'LessThanThreshold 30'],
  ]);
  const puts = pack.calls().filter(({ action }) => action === 'PutMetricAlarm');
  expect(puts).toHaveLength(4);
});

it('rejects calls for single hosts and ignores their events', async () => {
  const before = pack.calls().length;
  expect(await pack.invoke('ReconcileDiskAlarms', { hostname: 'any' })).toEqual({
    error: 'hostname: not available in fleet mode, which has no alarms for single instances',
  });
  expect(await pack.invoke('ReconcileDiskAlarms', { sns_topic_name: 'team' })).toEqual({
    error: 'sns_topic_name: not available in fleet mode, whose alarms use the default topic; got "team"',
  });
  await pack.put(stateChange(pack, 'i-0123456789abcdef0', 'running'));
  await pack.settle();
  const made = pack.calls().slice(before);
  expect(made.filter((call) => call.function === 'ReconcileDiskAlarms')).toEqual([]);
});
