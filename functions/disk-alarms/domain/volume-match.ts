import { type DiskSeries, dimensionValue } from './disk.ts';
import type { Instance, Volume } from './instance.ts';

// On Nitro the kernel numbers NVMe devices as it likes, so the number in nvme1n1 does not name a volume. What remains
// certain: the agent's VolumeId, the root, device letters on Xen, and sizes that all candidates share.

/** What EC2 says about sizes. */
export interface VolumeFacts {
  /** GB by volume id. */
  readonly volumes: ReadonlyMap<string, number>;
  /** Instance types without disks of their own. */
  readonly ebsOnlyTypes: ReadonlySet<string>;
}

/** A disk or partition of an EBS volume, as opposed to LVM, RAID and network disks. */
const plainDevice = /^(nvme\d+n\d+(p\d+)?|xvd[a-z]{1,2}\d*)$/;
const joinedDevice = /^(md\d|dm-\d|mapper\/)/;
const rootMounts = new Set(['/', 'C:']);

type MountedSeries = Pick<DiskSeries, 'mount' | 'dimensions'>;

/** The volumes of disks, where they are certain without knowing any size. */
export function certainVolumes<D extends MountedSeries>(
  instance: Instance,
  disks: readonly D[],
): ReadonlyMap<D, string> {
  const root = rootVolume(instance);
  const shift = deviceShift(disks, root);
  return new Map(
    disks.flatMap((disk) => {
      const named = dimensionValue(disk.dimensions, 'VolumeId');
      const onRoot = root && isOnRoot(disk, disks, instance) ? root : undefined;
      const volumeId = named ?? onRoot?.volumeId ?? volumeByDevice(disk, instance, shift)?.volumeId;
      return volumeId === undefined ? [] : [[disk, volumeId] as const];
    }),
  );
}

/**
 * @returns the sizes in GB that a disk may have: one if it is certain, none if anything is possible. A partition or a
 * logical volume may have any size up to that of its volumes, so its sizes begin with 0.
 */
export function possibleSizes<D extends MountedSeries>(
  disk: D,
  disks: readonly D[],
  instance: Instance,
  facts: VolumeFacts,
): readonly number[] {
  const certain = certainVolumes(instance, disks);
  // A disk of the instance's own may have any size.
  if (!certain.has(disk) && !facts.ebsOnlyTypes.has(instance.instanceType)) return [];
  const found = candidateVolumes(disk, disks, instance, certain);
  const sizes = found.flatMap((volumeId) => facts.volumes.get(volumeId) ?? []);
  if (sizes.length === 0 || sizes.length < found.length) return [];
  if (isJoined(disk, disks, instance) && !certain.has(disk)) return [0, sum(sizes)];
  return isPartition(disk, disks) ? [0, Math.max(...sizes)] : [...new Set(sizes)];
}

/** The volumes that a disk may be on; none if it may also be on something else. */
function candidateVolumes<D extends MountedSeries>(
  disk: D,
  disks: readonly D[],
  instance: Instance,
  certain: ReadonlyMap<D, string>,
): readonly string[] {
  const same = [disk, ...disks.filter((other) => hasSameDevice(disk, other))];
  const [known] = same.flatMap((other) => certain.get(other) ?? []);
  if (known !== undefined) return [known];
  if (mayBeOnNetwork(disk)) return [];
  const all = instance.volumes.map(({ volumeId }) => volumeId);
  const taken = new Set(certain.values());
  const left = all.filter((volumeId) => !taken.has(volumeId));
  return isJoined(disk, disks, instance) || left.length === 0 ? all : left;
}

function mayBeOnNetwork(disk: MountedSeries): boolean {
  const device = deviceOf(disk);
  return device !== undefined && !plainDevice.test(device) && !joinedDevice.test(device);
}

function rootVolume({ volumes, rootDevice }: Instance): Volume | undefined {
  return volumes.find(({ device }) => device === rootDevice);
}

/** The root file system is on the root volume, unless LVM or RAID are in between. */
function isOnRoot<D extends MountedSeries>(disk: D, disks: readonly D[], instance: Instance): boolean {
  const root = disks.find(({ mount }) => rootMounts.has(mount));
  if (root === undefined || isJoined(root, disks, instance)) return false;
  return disk === root || hasSameDevice(disk, root);
}

/** More disks than volumes: without device names, some of them may be logical volumes. */
function isJoined<D extends MountedSeries>(disk: D, disks: readonly D[], { volumes }: Instance): boolean {
  const device = deviceOf(disk);
  return device === undefined ? disks.length > volumes.length : !plainDevice.test(device);
}

/** Xen keeps the last letter of a device name, or shifts all letters by the same number. */
function deviceShift(disks: readonly MountedSeries[], root: Volume | undefined): number | undefined {
  const rootDisk = disks.find(({ mount }) => mount === '/');
  const [ofDisk, ofVolume] = [rootDisk && deviceCode(deviceOf(rootDisk)), deviceCode(root?.device)];
  return ofDisk === undefined || ofVolume === undefined ? undefined : ofDisk - ofVolume;
}

function volumeByDevice(
  disk: MountedSeries,
  { volumes }: Instance,
  shift: number | undefined,
): Volume | undefined {
  const code = deviceCode(deviceOf(disk));
  if (code === undefined || shift === undefined) return undefined;
  return volumes.find(({ device }) => deviceCode(device) === code - shift);
}

/** `/dev/sdf`, `/dev/xvdf` and `xvdf1` have the letter f. @returns its code */
function deviceCode(device: string | undefined): number | undefined {
  return /^(?:\/dev\/)?(?:sd|xvd)([a-z])\d*$/.exec(device ?? '')?.[1]?.codePointAt(0);
}

function isPartition<D extends MountedSeries>(disk: D, disks: readonly D[]): boolean {
  return disks.some((other) => other !== disk && hasSameDevice(disk, other));
}

function hasSameDevice(a: MountedSeries, b: MountedSeries): boolean {
  const device = wholeDevice(a);
  return device !== undefined && device === wholeDevice(b);
}

/** `nvme0n1` of `nvme0n1p1`; undefined for devices that have no partitions. */
function wholeDevice(disk: MountedSeries): string | undefined {
  const device = deviceOf(disk);
  return device !== undefined && plainDevice.test(device)
    ? device.replace(/^(nvme\d+n\d+)p\d+$|^(xvd[a-z]+)\d+$/, '$1$2')
    : undefined;
}

function deviceOf({ dimensions }: MountedSeries): string | undefined {
  return dimensionValue(dimensions, 'device');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
