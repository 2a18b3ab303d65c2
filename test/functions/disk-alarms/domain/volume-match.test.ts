import { describe, expect, it } from 'vitest';
import { certainVolumes, possibleSizes } from '../../../../functions/disk-alarms/domain/volume-match.ts';
import { instance } from '../builders.ts';

interface DiskInput {
  readonly mount: string;
  readonly device?: string;
  readonly volumeId?: string;
}

const GIVEN = { root: 20, a: 100, b: 600 } as const;

/** Volumes by name and device as EC2 knows them, and disks as the agent names them. */
function match(devices: Readonly<Record<string, string>>, disks: readonly DiskInput[], more = {}) {
  const owner = instance({
    rootDevice: devices['root'] ?? '/dev/none',
    volumes: Object.entries(devices).map(([volumeId, device]) => ({ volumeId, device })),
    ...more,
  });
  const mounted = disks.map(({ mount, device, volumeId }) => ({
    mount,
    dimensions: [
      ...(device ? [{ Name: 'device', Value: device }] : []),
      ...(volumeId ? [{ Name: 'VolumeId', Value: volumeId }] : []),
    ],
  }));
  const facts = {
    volumes: new Map<string, number>(Object.entries(GIVEN)),
    ebsOnlyTypes: new Set(['m5.large']),
  };
  const certain = certainVolumes(owner, mounted);
  return Object.fromEntries(
    mounted.map((disk) => [disk.mount, [certain.get(disk), possibleSizes(disk, mounted, owner, facts)]]),
  );
}

const nitro = { root: '/dev/xvda', a: '/dev/sdf' };
const root = { mount: '/', device: 'nvme0n1p1' };

describe('the volume of a disk', () => {
  it('is what the agent says', () => {
    expect(match(nitro, [{ mount: '/data', volumeId: 'b' }])).toEqual({ '/data': ['b', [600]] });
  });

  it('is the root volume for the root, whatever its NVMe number is', () => {
    expect(match(nitro, [{ mount: '/', device: 'nvme1n1p1' }])['/']).toEqual(['root', [20]]);
    expect(match(nitro, [{ mount: 'C:' }])['C:']).toEqual(['root', [20]]);
  });

  it('is the one volume left for the one disk left, but only its size is used', () => {
    expect(match(nitro, [root, { mount: '/data', device: 'nvme1n1' }])['/data']).toEqual([undefined, [100]]);
    expect(match(nitro, [{ mount: 'C:' }, { mount: 'D:' }])['D:']).toEqual([undefined, [100]]);
  });

  it('may be any of several that are left', () => {
    const found = match({ ...nitro, b: '/dev/sdg' }, [root, { mount: '/data', device: 'nvme2n1' }]);
    expect(found['/data']).toEqual([undefined, [100, 600]]);
  });

  it.each([
    ['/dev/xvda', 'xvda1', 'xvdf', 'xvdg1'],
    ['/dev/sda1', 'xvda1', 'xvdf', 'xvdg1'],
    ['/dev/sda1', 'xvde1', 'xvdj', 'xvdk1'],
  ])(
    'on Xen has the letter that EC2 knows, shifted like that of the root %s (%s)',
    (rootDevice, first, a, b) => {
      const disks = [
        { mount: '/', device: first },
        { mount: '/a', device: a },
        { mount: '/b', device: b },
      ];
      expect(match({ root: rootDevice, a: '/dev/sdf', b: '/dev/xvdg' }, disks)).toEqual({
        '/': ['root', [20]],
        '/a': ['a', [100]],
        '/b': ['b', [600]],
      });
    },
  );

  it('is unknown on an instance type with disks of its own, except for the root', () => {
    const disks = [root, { mount: '/scratch', device: 'nvme1n1' }];
    expect(match(nitro, disks, { instanceType: 'm5d.large' })).toEqual({
      '/': ['root', [20]],
      '/scratch': [undefined, []],
    });
  });

  it('is unknown for network disks', () => {
    expect(match(nitro, [root, { mount: '/san', device: 'sda' }])['/san']).toEqual([undefined, []]);
  });
});

describe('partitions and logical volumes', () => {
  it('may have any size up to that of their volume', () => {
    const boot = { mount: '/boot', device: 'nvme0n1p16' };
    expect(match(nitro, [root, boot, { mount: '/data', device: 'nvme1n1' }])).toEqual({
      '/': ['root', [0, 20]],
      '/boot': ['root', [0, 20]],
      '/data': [undefined, [100]],
    });
  });

  it('of LVM or RAID may have any size up to the sum of all volumes', () => {
    const disks = [
      { mount: '/', device: 'mapper/vg-root' },
      { mount: '/raid', device: 'md127' },
    ];
    expect(match({ ...nitro, b: '/dev/sdg' }, disks)).toEqual({
      '/': [undefined, [0, 720]],
      '/raid': [undefined, [0, 720]],
    });
  });

  it('may hide behind more disks than volumes if the agent sends no devices', () => {
    const disks = ['/', '/var', '/home'].map((mount) => ({ mount }));
    expect(match(nitro, disks)['/']).toEqual([undefined, [0, 120]]);
  });
});

it('nothing is certain if EC2 does not know the size of a volume', () => {
  expect(
    match({ root: '/dev/xvda', gone: '/dev/sdf' }, [root, { mount: '/x', device: 'nvme1n1' }])['/x'],
  ).toEqual([undefined, []]);
});
