/** EC2 developer guide, "Request throttling": bucket size and refill per second of the account. */
const BUCKETS = {
  describeById: { size: 50, perSecond: 10 },
  describeByFilter: { size: 100, perSecond: 20 },
  createTags: { size: 100, perSecond: 10 },
} as const;

export type Ec2Operation = keyof typeof BUCKETS;

export interface Ec2 {
  readonly calls: Readonly<Record<string, number>>;
  readonly throttled: Readonly<Record<string, number>>;
  /** Whether EC2 accepts the call. */
  call(name: Ec2Operation, at: number): boolean;
}

/** The request limits of one account and Region. */
export function createEc2(): Ec2 {
  const tokens = new Map<string, { left: number; at: number }>();
  const calls: Record<string, number> = {};
  const throttled: Record<string, number> = {};
  return {
    calls,
    throttled,
    call: (name, at) => {
      const bucket = BUCKETS[name];
      const before = tokens.get(name) ?? { left: bucket.size, at };
      const left = Math.min(bucket.size, before.left + (at - before.at) * bucket.perSecond);
      const isAccepted = left >= 1;
      tokens.set(name, { left: isAccepted ? left - 1 : left, at });
      calls[name] = (calls[name] ?? 0) + 1;
      if (!isAccepted) throttled[name] = (throttled[name] ?? 0) + 1;
      return isAccepted;
    },
  };
}
