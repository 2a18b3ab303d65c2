import type { Call } from '../../local/account/types.ts';

/** What is off by default in spot-cordon: the parameter that switches it on, and its function. */
export const optionFunctions = {
  CompleteHooks: 'CompleteTerminations',
  FallBack: 'FallBackToOnDemand',
  TerminationPolicy: 'ChooseTerminations',
} as const;

export type Option = keyof typeof optionFunctions;

/** Something that happens in an account, and the scenario whose calls say what it takes. */
export interface Activity {
  readonly wing: string;
  /** It happens only with this option. */
  readonly option?: Option;
  readonly what: string;
  readonly scenario: string;
  /** How often it happens in the scenario. */
  readonly times: number;
  /** In a month, for so many instances. */
  perMonth(instances: number): number;
}

/** What a fleet does in a month. Change these to your own. */
export const fleet = {
  disksPerInstance: 2,
  /** Of all instances; AWS's Spot Instance Advisor calls less than 5 % its lowest band. */
  interruptions: 0.05,
  recommendations: 0.1,
  startsAndStops: 10,
  /** The part of the time in which a worker is busy. */
  busy: 0.5,
  /** Times at which Spot is missing for a group; a group has as many instances as share a pipeline. */
  droughts: 2,
  /** One pipeline for so many instances, each with so many executions, and one hold. */
  instancesPerPipeline: 20,
  executions: 20,
  buildGb: 0.2,
  daysKept: 7,
  images: 4,
} as const;

const terminations = (instances: number): number => (instances * fleet.startsAndStops) / 2;
const pipelines = (instances: number): number => Math.max(1, instances / fleet.instancesPerPipeline);

export const activities: readonly Activity[] = [
  {
    wing: 'spot-cordon',
    what: 'interruptions, drained and replaced',
    scenario: 'an interruption warning for an instance in two target groups',
    times: 1,
    perMonth: (instances) => instances * fleet.interruptions,
  },
  {
    wing: 'spot-cordon',
    what: 'rebalance recommendations',
    scenario: 'a rebalance recommendation without an interruption, for a busy worker',
    times: 1,
    perMonth: (instances) => instances * fleet.recommendations,
  },
  {
    wing: 'spot-cordon',
    option: 'CompleteHooks',
    what: 'terminations that a hook holds',
    scenario: 'a terminate hook holds an instance while its load balancers drain',
    times: 1,
    perMonth: terminations,
  },
  {
    wing: 'spot-cordon',
    option: 'FallBack',
    what: 'groups that fall back and return',
    scenario: 'the Spot market comes back, and the group returns in steps to what it had',
    times: 1,
    perMonth: (instances) => pipelines(instances) * fleet.droughts,
  },
  {
    wing: 'spot-cordon',
    option: 'TerminationPolicy',
    what: 'requests of Auto Scaling, one for each termination',
    scenario: 'three of ten must go, two are cordoned and four busy',
    times: 1,
    perMonth: terminations,
  },
  {
    wing: 'health-gate',
    what: 'deployments that pass',
    scenario: 'a healthy Region',
    times: 1,
    perMonth: (instances) => pipelines(instances) * fleet.executions,
  },
  {
    wing: 'health-gate',
    what: 'deployments that are held and resumed',
    scenario: 'an incident ends and the pipeline resumes automatically',
    times: 1,
    perMonth: pipelines,
  },
  {
    wing: 'disk-alarms',
    what: 'instances that start or stop',
    scenario: 'a new instance whose metrics are not listed yet',
    times: 1,
    perMonth: (instances) => instances * fleet.startsAndStops,
  },
  {
    wing: 'ami-approval',
    what: 'images that are approved and shared',
    scenario: 'two of three approvers approve',
    times: 1,
    perMonth: () => fleet.images,
  },
  {
    wing: 'build-promotion',
    what: 'promotions',
    scenario: 'one build is promoted through four environments',
    times: 4,
    perMonth: (instances) => pipelines(instances) * fleet.executions * 2,
  },
];

/** Calls by function and action, such as `CordonInstances ec2:DescribeInstances`. */
export function countByAction(calls: readonly Call[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { function: by, service, action } of calls) {
    const key = `${by} ${service}:${action}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
