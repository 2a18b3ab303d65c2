import { list, type Mapping, mapping } from '../../json.ts';
import { defineEmulatedService, type ServiceContext } from '../emulated-service.ts';

/** moto has EC2, except for Reserved Instances. Nobody buys any here: scenarios list those that the account has. */
export default defineEmulatedService<Ec2State>({
  service: 'ec2',
  createState: () => ({ reservedInstances: [] }),
  operations: { DescribeReservedInstances: describeReservedInstances },
});

/** The members of the API reference that matter, and their defaults. */
export interface ReservedInstances {
  readonly instanceType: string;
  readonly instanceCount: number;
  /** `Region` for regional ones, which apply to all sizes of a family. */
  readonly scope?: 'Region' | 'Availability Zone';
  readonly state?: 'active' | 'retired' | 'payment-pending';
  readonly productDescription?: string;
  readonly instanceTenancy?: 'default' | 'dedicated';
}

export interface Ec2State {
  readonly reservedInstances: ReservedInstances[];
}

function describeReservedInstances(input: Mapping, { state }: ServiceContext<Ec2State>): Mapping {
  const all = state.reservedInstances.map((one) => ({
    scope: 'Region',
    state: 'active',
    productDescription: 'Linux/UNIX',
    instanceTenancy: 'default',
    ...one,
  }));
  const filters = list(input['Filter']).map(mapping);
  return { reservedInstancesSet: all.filter((one) => filters.every((filter) => matches(one, filter))) };
}

/** Filters are named in kebab-case: `instance-type`. */
function matches(one: Mapping, { Name, Value }: Mapping): boolean {
  const member = String(Name).replaceAll(/-(\w)/g, (_, first: string) => first.toUpperCase());
  return list(Value).map(String).includes(String(one[member]));
}
