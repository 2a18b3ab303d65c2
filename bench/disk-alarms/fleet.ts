/** Instances with the same number of disks each, which all send metrics. */
export interface Fleet {
  readonly instances: number;
  readonly disksEach: number;
}

/** @param disk counted over the whole fleet */
export function dimensionsOf({ disksEach }: Fleet, disk: number): object[] {
  const place = {
    InstanceId: idOf(Math.floor(disk / disksEach)),
    path: `/disk${disk % disksEach}`,
    device: `nvme${disk % disksEach}n1`,
    fstype: 'xfs',
  };
  return Object.entries(place).map(([Name, Value]) => ({ Name, Value }));
}

export function idOf(instance: number): string {
  return `i-${instance.toString(16).padStart(17, '0')}`;
}

/** One page of numbers from 0 to `count`. @param token of the page before */
export function page(
  count: number,
  size: number,
  token: unknown,
): { items: number[]; next: string | undefined } {
  const start = Number(token ?? 0);
  const end = Math.min(count, start + size);
  const items = Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
  return { items, next: end < count ? String(end) : undefined };
}
