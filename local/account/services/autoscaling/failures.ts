import type { Pool } from './model.ts';

/** The texts of failed launches, as people have quoted them in public. */
export const launchFailures = {
  noSpotCapacity: () =>
    'Could not launch Spot Instances. InsufficientInstanceCapacity - There is no Spot capacity available that ' +
    'matches your request. Launching EC2 instance failed.',
  noOnDemandCapacity: ({ type, zone }: Pool) =>
    `Could not launch On-Demand Instances. InsufficientInstanceCapacity - We currently do not have sufficient ${type} ` +
    `capacity in the Availability Zone you requested (${zone}). Our system will be working on provisioning ` +
    'additional capacity. Launching EC2 instance failed.',
  spotQuota: () =>
    'Could not launch Spot Instances. MaxSpotInstanceCountExceeded - Max spot instance count exceeded. Launching EC2 ' +
    'instance failed.',
  onDemandQuota: () =>
    'Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested more vCPU capacity than your ' +
    'current vCPU limit allows for the instance bucket that the specified instance type belongs to. Launching EC2 ' +
    'instance failed.',
} as const;
