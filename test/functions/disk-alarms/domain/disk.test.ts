import { describe, expect, it } from 'vitest';
import { findDisks, type MetricSeries } from '../../../../functions/disk-alarms/domain/disk.ts';
import {
  measure,
  newestSeries,
  rolesToRead,
  roundToKnownSize,
} from '../../../../functions/disk-alarms/domain/measurement.ts';
import type { MetricRole } from '../../../../functions/disk-alarms/domain/metric-profile.ts';
import { diskRules, GB, ID, linux, NOW, reading, series } from '../builders.ts';

const find = (...some: MetricSeries[]) => findDisks(some, diskRules);
const mountsOf = (...some: MetricSeries[]) => [
  ...(find(...some)
    .disks.get(ID)
    ?.keys() ?? []),
];
const windows = (metric: string, instance: string) =>
  series(metric, { instance, InstanceId: ID, objectname: 'LogicalDisk' });

describe('disks', () => {
  it('are found by instance and mount, whatever the order of dimensions', () => {
    const reversed = linux('/').map((one) => ({ ...one, dimensions: [...one.dimensions].reverse() }));
    const [candidate, ...others] =
      find(...linux('/').slice(0, 1), ...reversed.slice(1))
        .disks.get(ID)
        ?.get('/') ?? [];
    expect(others).toEqual([]);
    expect([...(candidate?.roles ?? [])]).toEqual(['percent', 'total', 'free']);
  });

  it('keep the dimensions of the listing as they are', () => {
    const extra = { AutoScalingGroupName: 'web', ImageId: 'ami-1' };
    const [candidate] =
      find(...linux('/', extra))
        .disks.get(ID)
        ?.get('/') ?? [];
    expect(candidate?.dimensions).toEqual(linux('/', extra)[0]?.dimensions);
  });

  it('exclude metrics without instance or mount, or of another namespace', () => {
    expect(mountsOf(series('disk_used_percent', { InstanceId: ID }))).toEqual([]);
    expect(mountsOf(series('disk_used_percent', { host: 'web', path: '/', fstype: 'xfs' }))).toEqual([]);
    expect(mountsOf(...linux('/').map((one) => ({ ...one, namespace: 'Other' })))).toEqual([]);
  });

  it('exclude metrics without a percentage', () => {
    expect(mountsOf(...linux('/').slice(1))).toEqual([]);
  });

  it.each([
    ['/dev/shm', { fstype: 'tmpfs' }],
    ['/', { fstype: 'overlay' }],
    ['/snap/core/1', { fstype: 'squashfs' }],
    ['/mnt/share', { fstype: 'nfs4' }],
  ])('exclude the pseudo file system %s %j', (path, dimensions) => {
    expect(mountsOf(...linux(path, dimensions))).toEqual([]);
  });

  it.each([
    ['/var/lib/kubelet/pods/1/volume', ['*/var/lib/kubelet/*'], false],
    ['/rootfs/var/lib/kubelet/pods/1', ['*/var/lib/kubelet/*'], false],
    ['/var/lib/kubelet', ['*/var/lib/kubelet/*'], true],
    ['/etc/hosts', ['/data', '*/etc/hosts'], false],
    ['/etc/hosts.d', ['*/etc/hosts'], true],
    ['/mnt/a+b(c)', ['/mnt/a+b(c)'], false],
    ['/mnt/ab', ['/mnt/a?'], true],
    ['/etc/hosts', [], true],
  ])('at %s with IgnoreMounts %j: %s', (mount, ignoreMounts, isDisk) => {
    const { disks, skipped } = findDisks(linux(mount), { ...diskRules, ignoreMounts });
    expect(disks.get(ID)?.has(mount) ?? false).toBe(isDisk);
    expect(skipped.map(({ reason }) => reason)).toEqual(isDisk ? [] : ['ignored by IgnoreMounts']);
  });

  it('stay disks where an older kernel lists rootfs over the real root', () => {
    const found = find(...linux('/'), ...linux('/', { device: 'rootfs', fstype: 'rootfs' }));
    const candidates = found.disks.get(ID)?.get('/') ?? [];
    expect(candidates.map(({ dimensions }) => dimensions)).toEqual([linux('/')[0]?.dimensions]);
    expect(found.skipped).toEqual([]);
  });

  it('exclude a pseudo file system that an aggregate without file system type names', () => {
    const aggregate = series('disk_used_percent', { InstanceId: ID, path: '/mnt/cache' });
    expect(mountsOf(...linux('/mnt/cache', { fstype: 'tmpfs' }), aggregate)).toEqual([]);
    expect(mountsOf(series('disk_used_percent', { InstanceId: ID, path: '/run/user/0' }))).toEqual([]);
    expect(mountsOf(series('disk_used_percent', { InstanceId: ID, path: '/runway' }))).toEqual(['/runway']);
  });

  it('of Windows are drives, not their sum and not hidden volumes', () => {
    const all = ['C:', '_Total', 'HarddiskVolume1', 'E:\\mnt'].map((one) =>
      windows('LogicalDisk % Free Space', one),
    );
    expect(mountsOf(...all)).toEqual(['C:', 'E:\\mnt']);
    expect(find(...all).skipped.map(({ reason }) => reason)).toEqual(['not a volume', 'not a volume']);
  });

  it('reported through two profiles are one disk', () => {
    const both = [windows('LogicalDisk % Free Space', 'C:'), windows('FreeStorageSpaceInPercent', 'C:')];
    expect(
      find(...both)
        .disks.get(ID)
        ?.get('C:'),
    ).toHaveLength(2);
    expect(mountsOf(...both)).toEqual(['C:']);
  });
});

describe('a measurement', () => {
  const candidateOf = (...some: MetricSeries[]) => {
    const [first] = [
      ...(find(...some)
        .disks.get(ID)
        ?.values() ?? []),
    ].flat();
    if (!first) throw new Error('no disk');
    return first;
  };
  const onlyShare = candidateOf(windows('LogicalDisk % Free Space', 'C:'));
  const drive = candidateOf(
    windows('LogicalDisk % Free Space', 'C:'),
    windows('LogicalDisk Free Megabytes', 'C:'),
  );
  const read = (values: Partial<Record<MetricRole, ReturnType<typeof reading>>>) =>
    new Map(Object.entries(values)) as never;

  it('takes the total where there is one', () => {
    const disk = candidateOf(...linux('/'));
    expect(rolesToRead(disk)).toEqual(['total']);
    expect(measure(disk, read({ total: reading(800 * GB) }))).toEqual({ measuredAt: NOW, sizeGb: 800 });
  });

  it.each([
    [50, 51_200, 100],
    [99.5, 99.5 * 10.24, 1],
    [40, 327_680, 800],
    [1, 5120, 500],
  ])('is computed from %s %% and %s MB free otherwise', (percent, free, sizeGb) => {
    expect(measure(drive, read({ percent: reading(percent), free: reading(free) }))).toEqual({
      measuredAt: NOW,
      sizeGb,
    });
  });

  it('combines only values of the same period', () => {
    const percent = { times: [NOW - 300_000, NOW - 600_000], values: [10, 50] };
    const free = reading(51_200, NOW - 600_000);
    expect(measure(drive, read({ percent, free })).sizeGb).toBe(100);
  });

  it.each([
    [0, 0],
    [0.4, 12],
  ])('of a full disk (%s %% and %s MB) has no size and no error', (percent, free) => {
    expect(measure(drive, read({ percent: reading(percent), free: reading(free) }))).toEqual({
      measuredAt: NOW,
    });
  });

  it('has no size without data or with the percentage alone', () => {
    expect(measure(drive, read({}))).toEqual({ measuredAt: Number.NEGATIVE_INFINITY });
    expect(measure(onlyShare, read({ percent: reading(50) }))).toEqual({ measuredAt: NOW });
    expect(measure(candidateOf(...linux('/')), read({ total: reading(0) }))).toEqual({ measuredAt: NOW });
  });

  it('keeps the known size within the error', () => {
    expect([
      roundToKnownSize(100, 101),
      roundToKnownSize(101, 100),
      roundToKnownSize(499, 500),
      roundToKnownSize(8000, 8030),
    ]).toEqual([101, 100, 500, 8030]);
    expect([
      roundToKnownSize(100, undefined),
      roundToKnownSize(102, 100),
      roundToKnownSize(1, 1.1),
      roundToKnownSize(1, 1.2),
      roundToKnownSize(500, 495),
    ]).toEqual([100, 102, 1.1, 1, 500]);
  });
});

describe('of two series of one mount', () => {
  const [swapped, old] = [linux('/', { device: 'nvme1n1' }), linux('/', { device: 'nvme0n1' })];
  const both =
    find(...swapped, ...old)
      .disks.get(ID)
      ?.get('/') ?? [];
  const deviceOf = (one: (typeof both)[number] | undefined) =>
    one?.dimensions.find(({ Name }) => Name === 'device')?.Value;

  it('the one with the newest data counts', () => {
    const at = (one: (typeof both)[number]) => ({
      measuredAt: deviceOf(one) === 'nvme1n1' ? NOW : NOW - 60_000,
    });
    expect(deviceOf(newestSeries(both, at))).toBe('nvme1n1');
    expect(deviceOf(newestSeries([...both].reverse(), at))).toBe('nvme1n1');
  });

  it('then the most dimensions, then always the same', () => {
    const more =
      find(...linux('/', { device: 'nvme9n1', VolumeId: 'vol-1' }), ...old)
        .disks.get(ID)
        ?.get('/') ?? [];
    expect(deviceOf(newestSeries(more, () => ({ measuredAt: NOW })))).toBe('nvme9n1');
    expect(deviceOf(newestSeries(both, () => undefined))).toBe('nvme0n1');
    expect(deviceOf(newestSeries([...both].reverse(), () => undefined))).toBe('nvme0n1');
  });
});
