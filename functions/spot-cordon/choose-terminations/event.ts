import * as z from 'zod/mini';
import { parseAs } from '#shared/parse.ts';
import type { TerminationRequest } from '../domain/termination-request.ts';

const market = z._default(z.string(), 'on-demand');
const request = z.object({
  AutoScalingGroupName: z.string().check(z.minLength(1)),
  Cause: z.string(),
  CapacityToTerminate: z.array(
    z.object({
      AvailabilityZone: z.string(),
      Capacity: z.number().check(z.minimum(0)),
      InstanceMarketOption: market,
    }),
  ),
  Instances: z.array(
    z.object({
      AvailabilityZone: z.string(),
      InstanceId: z.string().check(z.minLength(1)),
      InstanceMarketOption: market,
    }),
  ),
});

/** @throws InvalidInputError that names the field and its value */
export function parseTerminationRequest(event: unknown): TerminationRequest {
  const parsed = parseAs(request, event, 'request');
  return {
    group: parsed.AutoScalingGroupName,
    cause: parsed.Cause,
    capacity: parsed.CapacityToTerminate.map((one) => ({
      zone: one.AvailabilityZone,
      market: one.InstanceMarketOption,
      count: Math.ceil(one.Capacity),
    })),
    candidates: parsed.Instances.map((one) => ({
      instanceId: one.InstanceId,
      zone: one.AvailabilityZone,
      market: one.InstanceMarketOption,
    })),
  };
}
