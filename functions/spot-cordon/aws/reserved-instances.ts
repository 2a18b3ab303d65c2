import { DescribeInstancesCommand, DescribeReservedInstancesCommand } from '@aws-sdk/client-ec2';
import { paginate } from '#shared/aws/pages.ts';
import type { Reservation } from '../domain/reserved-floor.ts';
import { ec2 } from './ec2.ts';

/** Those that apply to all sizes of a family: regional, for Linux, with default tenancy. */
const FLEXIBLE = [
  { Name: 'state', Values: ['active'] },
  { Name: 'scope', Values: ['Region'] },
  { Name: 'product-description', Values: ['Linux/UNIX', 'Linux/UNIX (Amazon VPC)'] },
];

export async function readReservations(signal: AbortSignal): Promise<Reservation[]> {
  const command = new DescribeReservedInstancesCommand({ Filters: FLEXIBLE });
  const { ReservedInstances = [] } = await ec2.send(command, { abortSignal: signal });
  return ReservedInstances.filter(({ InstanceTenancy = 'default' }) => InstanceTenancy === 'default').map(
    ({ InstanceCount = 0, InstanceType = '' }) => ({ instanceType: InstanceType, count: InstanceCount }),
  );
}

/** The types of the running On-Demand Instances of the Region, except for those with these ids. */
export async function readRunningTypes(
  exceptIds: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<string[]> {
  const Filters = [{ Name: 'instance-state-name', Values: ['running'] }];
  return paginate<string, string>(async (next) => {
    const command = new DescribeInstancesCommand({
      Filters,
      MaxResults: 1000,
      ...(next && { NextToken: next }),
    });
    const { Reservations = [], NextToken } = await ec2.send(command, { abortSignal: signal });
    const items = Reservations.flatMap(({ Instances = [] }) => Instances)
      .filter((one) => one.InstanceLifecycle === undefined && !exceptIds.has(one.InstanceId ?? ''))
      .map(({ InstanceType = '' }) => String(InstanceType));
    return { items, next: NextToken };
  });
}
