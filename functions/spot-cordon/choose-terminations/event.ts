import * as z from 'zod/mini';
import { isRecord } from '#shared/errors.ts';
import { parseAs } from '#shared/parse.ts';
import type { Candidate, TerminationRequest } from '../domain/termination-request.ts';

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
  Instances: z.array(z.unknown()),
});
const instance = z.object({
  AvailabilityZone: z.string(),
  InstanceId: z.string().check(z.minLength(1)),
  InstanceMarketOption: market,
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
    candidates: parsed.Instances.map(
      (one, index) => readUsual(one) ?? parseInstance(one, `request: Instances.${index}`),
    ),
  };
}

/** There may be 30,000: with the schema alone they take as long as the start of the function. */
function readUsual(one: unknown): Candidate | undefined {
  if (!isRecord(one)) return undefined;
  const { AvailabilityZone: zone, InstanceId: instanceId, InstanceMarketOption: option } = one;
  const isUsual = typeof zone === 'string' && typeof instanceId === 'string' && typeof option === 'string';
  return isUsual && instanceId !== '' ? { instanceId, zone, market: option } : undefined;
}

function parseInstance(one: unknown, what: string): Candidate {
  const parsed = parseAs(instance, one, what);
  return {
    instanceId: parsed.InstanceId,
    zone: parsed.AvailabilityZone,
    market: parsed.InstanceMarketOption,
  };
}
