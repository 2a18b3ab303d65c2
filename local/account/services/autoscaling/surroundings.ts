import { randomUUID } from 'node:crypto';
import { isMapping, list, type Mapping, mapping } from '../../../json.ts';
import type { ServiceContext } from '../../emulated-service.ts';
import type { AutoScalingState, Group, Pool, Surroundings } from './model.ts';

type Context = ServiceContext<AutoScalingState>;

/** Instances run in moto's EC2, events go to the default bus, functions are those of the template. */
export function surroundingsOf(context: Context): Surroundings {
  return {
    now: context.now,
    launch: (group, pool, count) => runInstances(context, group, pool, count),
    terminate: async (_group, ids) => {
      await context.callMoto('ec2', 'TerminateInstances', numbered('InstanceId', ids));
    },
    report: (group, activity, about) => {
      const detail = {
        ...(activity.status === 'Failed' && { StatusMessage: activity.message }),
        StatusCode: activity.status === 'Failed' ? 'Failed' : 'InProgress',
        AutoScalingGroupName: group.name,
        ActivityId: activity.id,
        RequestId: activity.id,
        EC2InstanceId: about.instanceId,
        StartTime: new Date(activity.startedAt).toISOString(),
        EndTime: new Date(activity.startedAt).toISOString(),
        Details: JSON.parse(activity.details),
        Cause: activity.cause,
        Description: activity.description,
        Origin: 'EC2',
        Destination: 'AutoScalingGroup',
      };
      return publish(context, group, about.event, detail);
    },
    reportHook: (group, instanceId, { hook, token, transition }) => {
      const kind = transition.endsWith('LAUNCHING') ? 'launch' : 'terminate';
      const detail = {
        LifecycleActionToken: token,
        AutoScalingGroupName: group.name,
        LifecycleHookName: hook,
        EC2InstanceId: instanceId,
        LifecycleTransition: transition,
        Origin: kind === 'launch' ? 'EC2' : 'AutoScalingGroup',
        Destination: kind === 'launch' ? 'AutoScalingGroup' : 'EC2',
      };
      return publish(context, group, `EC2 Instance-${kind} Lifecycle Action`, detail);
    },
    choose: (functionArn, request) => choose(context, functionArn, request),
  };
}

/** In an answer that is no answer, nobody is ready: Auto Scaling asks again later. */
async function choose(context: Context, functionArn: string, request: object): Promise<readonly string[]> {
  const invoked = await context.invoke(functionArn, request);
  if (!invoked.ok) return [];
  const answer: unknown = JSON.parse(invoked.payload || 'null');
  return isMapping(answer) ? list(answer['InstanceIDs']).map(String) : [];
}

async function runInstances(
  context: Context,
  group: Group,
  { market, type, zone }: Pool,
  count: number,
): Promise<readonly string[]> {
  const tags = [...group.tags, ['aws:autoscaling:groupName', group.name]].flatMap(
    ([key = '', value = ''], i) => [
      [`TagSpecification.1.Tag.${i + 1}.Key`, key],
      [`TagSpecification.1.Tag.${i + 1}.Value`, value],
    ],
  );
  const output = await context.callMoto('ec2', 'RunInstances', {
    ImageId: 'ami-12c6146b',
    InstanceType: type,
    MinCount: String(count),
    MaxCount: String(count),
    'Placement.AvailabilityZone': zone,
    ...(market === 'spot' && { 'InstanceMarketOptions.MarketType': 'spot' }),
    'TagSpecification.1.ResourceType': 'instance',
    ...Object.fromEntries(tags),
  });
  return list(output['instancesSet']).map((instance) => String(mapping(instance)['instanceId']));
}

function numbered(name: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, i) => [`${name}.${i + 1}`, value]));
}

async function publish(context: Context, group: Group, detailType: string, detail: object): Promise<void> {
  const { state } = context;
  const event: Mapping = {
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source: 'aws.autoscaling',
    account: context.accountId,
    time: new Date(context.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: context.region,
    resources: [group.arn],
    detail,
  };
  if (state.eventDelivery === 'held') state.heldEvents.push(event);
  if (state.eventDelivery === 'at once') await context.publish(event);
}
