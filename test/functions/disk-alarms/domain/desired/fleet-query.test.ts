import { describe, expect, it } from 'vitest';
import { fleetQueries } from '../../../../../functions/disk-alarms/domain/desired/fleet-query.ts';
import {
  type DiskRules,
  findDisks,
  type MetricSeries,
} from '../../../../../functions/disk-alarms/domain/disk.ts';
import { diskRules, ID, linux, series } from '../../builders.ts';

const queries = (some: readonly MetricSeries[], more: Partial<DiskRules> = {}) =>
  fleetQueries({ ...diskRules, ...more }, findDisks(some, { ...diskRules, ...more }));
const conditions = (some: readonly MetricSeries[], more: Partial<DiskRules> = {}) =>
  queries(some, more)[0]
    ?.expression.match(/ WHERE (.*) GROUP BY /)?.[1]
    ?.split(' AND ') ?? [];
const usual = ['devtmpfs', 'overlay', 'squashfs', 'tmpfs', 'vfat', 'iso9660', 'nfs', 'nfs4'].map(
  (one) => `fstype != '${one}'`,
);

describe('the query of a fleet alarm', () => {
  it('leaves out pseudo file systems before one of them is listed', () => {
    expect(conditions(linux('/'))).toEqual(usual);
  });

  it('leaves out each file system that is listed and not wanted', () => {
    const some = [
      ...linux('/'),
      ...linux('/mnt', { fstype: 'fuse.s3fs' }),
      ...linux('/b', { fstype: 'btrfs' }),
    ];
    expect(conditions(some)).toEqual([...usual, "fstype != 'btrfs'", "fstype != 'fuse.s3fs'"]);
  });

  it('keeps a file system that FileSystems names', () => {
    const rules = { fileSystems: new Set(['xfs', 'vfat', 'nfs4']) };
    expect(conditions([...linux('/'), ...linux('/efi', { fstype: 'vfat' })], rules)).toEqual(
      usual.filter((one) => !/vfat|nfs4/.test(one)),
    );
  });

  it('leaves out ignored mounts and pseudo volumes, except a mount that is a disk elsewhere', () => {
    const rules = { ignoreMounts: ['/etc/hosts', "/it's"] };
    const some = [...linux('/'), ...linux('/etc/hosts'), ...linux("/it's")];
    expect(conditions(some, rules)).toEqual([...usual, `"path" != '/etc/hosts'`, `"path" != '/it''s'`]);
    const other = series('disk_used_percent', { InstanceId: 'i-00000001', path: '/run' });
    expect(conditions([...linux('/'), ...linux('/run'), other])).toEqual(usual);
  });

  it('knows a custom profile by its dimensions, not by its name', () => {
    const profiles = [
      { name: 'own', namespace: 'Acme', percent: 'used', percentIs: 'used', unit: 'Bytes', mount: 'disk' },
    ] as const;
    const of = (disk: string, fstype?: string): MetricSeries => ({
      ...series('used', { InstanceId: ID, disk, ...(fstype && { fstype }) }),
      namespace: 'Acme',
    });
    expect(conditions([of('a', 'xfs'), of('b', 'zramfs')], { profiles })).toEqual([
      ...usual,
      "fstype != 'zramfs'",
    ]);
    expect(queries([of('a')], { profiles })[0]?.expression).toBe(
      'SELECT MAX("used") FROM "Acme" GROUP BY InstanceId, "disk" ORDER BY MAX() DESC',
    );
    expect(conditions([of('a'), of('_Total')], { profiles })).toEqual([`"disk" != '_Total'`]);
  });

  it('of Windows leaves out the total and hidden volumes', () => {
    const of = (instance: string) => series('LogicalDisk % Free Space', { instance, InstanceId: ID });
    expect(conditions(['C:', '_Total', 'HarddiskVolume3'].map(of))).toEqual([
      `"instance" != '_Total'`,
      `"instance" != 'HarddiskVolume3'`,
    ]);
  });

  it('counts what it analyses: every mount that it does not leave out', () => {
    const some = [...linux('/'), ...linux('/srv'), ...linux('/tmp', { fstype: 'tmpfs' })];
    expect(queries(some)[0]?.analysed).toBe(2);
  });

  it('is never longer than CloudWatch allows', () => {
    const pods = Array.from({ length: 200 }, (_, i) => linux(`/var/lib/kubelet/pods/${i}`)).flat();
    const [query] = queries([...linux('/'), ...pods], { ignoreMounts: ['/var/lib/kubelet/*'] });
    expect(query?.expression.length).toBeLessThanOrEqual(2048);
    expect(query?.analysed).toBeGreaterThan(100);
  });
});
