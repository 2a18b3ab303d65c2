// The group that Auto Scaling asks about: nine of ten instances are busy, and a fifth of the others is cordoned.

const IDLE = 10;
const CORDONED = 50;

/** What Auto Scaling sends. It wants as many instances as are idle. */
export function requestFor(candidates: number): object {
  const pool = { AvailabilityZone: 'eu-west-1a', InstanceMarketOption: 'spot' };
  const name = `workers-${candidates}`;
  return {
    AutoScalingGroupARN: `arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:0:autoScalingGroupName/${name}`,
    AutoScalingGroupName: name,
    CapacityToTerminate: [{ ...pool, Capacity: countIdle(candidates) }],
    Instances: listIds(candidates).map((InstanceId) => ({ ...pool, InstanceId, InstanceType: 'm5.large' })),
    Cause: 'SCALE_IN',
  };
}

export function countIdle(candidates: number): number {
  return Math.ceil(candidates / IDLE);
}

export function listBusy(candidates: number): readonly string[] {
  return listIds(candidates).filter((_, index) => index % IDLE !== 0);
}

export function listCordoned(candidates: number): readonly string[] {
  return listIds(candidates).filter((_, index) => index % CORDONED === 0);
}

function listIds(candidates: number): readonly string[] {
  return Array.from({ length: candidates }, (_, index) => `i-${index.toString(16).padStart(17, '0')}`);
}
