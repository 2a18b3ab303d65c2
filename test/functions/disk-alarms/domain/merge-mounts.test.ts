import { describe, expect, it } from 'vitest';
import { disksOfInstance } from '../../../../functions/disk-alarms/domain/inventory.ts';
import { type MeasuredMount, mergeMounts } from '../../../../functions/disk-alarms/domain/merge-mounts.ts';
import { instance, inventory, linux, NOW } from '../builders.ts';

const MINUTE = 60_000;

interface MountInput {
  readonly mount: string;
  readonly device?: string;
  readonly volumeId?: string;
  readonly fstype?: string;
  readonly measuredAt?: number;
  readonly sizeGb?: number;
}

function mounted({
  mount,
  device,
  volumeId,
  fstype = 'xfs',
  measuredAt = NOW,
  sizeGb,
}: MountInput): MeasuredMount {
  const seen = inventory({ series: linux(mount) });
  const [series] = [...(seen.discovered.disks.values().next().value?.get(mount) ?? [])];
  if (!series) throw new Error('no disk');
  const dimensions = [
    { Name: 'path', Value: mount },
    { Name: 'fstype', Value: fstype },
    ...(device ? [{ Name: 'device', Value: device }] : []),
    ...(volumeId ? [{ Name: 'VolumeId', Value: volumeId }] : []),
  ];
  return { series: { ...series, dimensions }, measuredAt, ...(sizeGb !== undefined && { sizeGb }) };
}

const merge = (...mounts: MountInput[]) =>
  mergeMounts(mounts.map(mounted)).map(({ series, otherMounts }) => [series.mount, otherMounts]);

describe('mounts', () => {
  it('of one device and file system are one disk, named by the shortest', () => {
    expect(
      merge(
        { mount: '/var/lib/app', device: 'nvme0n1p1' },
        { mount: '/', device: 'nvme0n1p1' },
        { mount: '/srv', device: 'nvme0n1p1' },
      ),
    ).toEqual([['/', ['/srv', '/var/lib/app']]]);
  });

  it('of the same length have one name in any order', () => {
    const [a, b] = [
      { mount: '/a', device: 'sdb' },
      { mount: '/b', device: 'sdb' },
    ] as const;
    expect(merge(b, a)).toEqual(merge(a, b));
    expect(merge(a, b)).toEqual([['/a', ['/b']]]);
  });

  it('of one device with two file systems are two disks', () => {
    const mounts = [
      { mount: '/a', device: 'sdb', fstype: 'xfs' },
      { mount: '/b', device: 'sdb', fstype: 'ext4' },
    ];
    expect(merge(...mounts)).toHaveLength(2);
  });

  it('of two partitions of one volume are two disks', () => {
    const partitions = [
      { mount: '/', device: 'nvme0n1p1', volumeId: 'vol-1' },
      { mount: '/boot', device: 'nvme0n1p16', volumeId: 'vol-1' },
    ];
    expect(merge(...partitions)).toHaveLength(2);
  });

  it('of one volume without devices are one disk if their sizes agree', () => {
    const of = (sizeGb?: number): MountInput[] => [
      { mount: '/data', volumeId: 'vol-1', sizeGb: 100 },
      { mount: '/srv/data', volumeId: 'vol-1', ...(sizeGb && { sizeGb }) },
    ];
    expect(merge(...of(100))).toEqual([['/data', ['/srv/data']]]);
    expect(merge(...of())).toEqual([['/data', ['/srv/data']]]);
    expect(merge(...of(40))).toHaveLength(2);
  });

  it('without device and volume are not merged', () => {
    expect(merge({ mount: '/a' }, { mount: '/b' })).toHaveLength(2);
  });

  it('are not merged with one whose data ended earlier, because devices get other names', () => {
    const [old, now] = [
      { mount: '/old', device: 'nvme1n1', measuredAt: NOW - 30 * MINUTE },
      { mount: '/new-data', device: 'nvme1n1' },
    ];
    expect(merge(old, now)).toHaveLength(2);
    expect(merge({ ...old, measuredAt: NOW - 10 * MINUTE }, now)).toEqual([['/old', ['/new-data']]]);
  });

  it('of a silent agent are merged, so that its bind mounts get no alarms', () => {
    const measuredAt = Number.NEGATIVE_INFINITY;
    const mounts = ['/', '/srv'].map((mount) => ({ mount, device: 'nvme0n1p1', measuredAt }));
    expect(merge(...mounts)).toEqual([['/', ['/srv']]]);
  });

  it('whose device names swapped stay two disks', () => {
    const series = [
      ...linux('/data', { device: 'nvme1n1' }),
      ...linux('/logs', { device: 'nvme2n1' }),
      ...linux('/data', { device: 'nvme2n1' }),
      ...linux('/logs', { device: 'nvme1n1' }),
    ];
    const seen = inventory({ series });
    const ageOf = (path: string, device: string): number =>
      (path === '/data') === (device === 'nvme2n1') ? NOW : NOW - 40 * MINUTE;
    const measurements = new Map(
      [...seen.measurements.keys()].map((one) => {
        const device = one.dimensions.find(({ Name }) => Name === 'device')?.Value ?? '';
        return [one, { measuredAt: ageOf(one.mount, device), sizeGb: 100 }] as const;
      }),
    );
    const disks = disksOfInstance(instance(), 'p-', { ...seen, measurements });
    expect(disks.map(({ mount, otherMounts }) => [mount, otherMounts])).toEqual([
      ['/data', []],
      ['/logs', []],
    ]);
  });
});
