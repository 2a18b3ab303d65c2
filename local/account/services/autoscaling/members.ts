import type { Mapping } from '../../../json.ts';
import type { Operation, ServiceContext } from '../../emulated-service.ts';
import { ServiceError } from '../../response.ts';
import { reconcile } from './engine.ts';
import { findGroup, texts } from './groups.ts';
import { completeHook, extendHook, leave, settleHooks } from './hooks.ts';
import type { AutoScalingState, Group, Member } from './model.ts';
import { surroundingsOf } from './surroundings.ts';
import { describeMembership } from './views.ts';

type Context = ServiceContext<AutoScalingState>;

/** Operations on the members of our groups. moto answers for all others. */
export const memberOperations: Readonly<Record<string, Operation<AutoScalingState>>> = {
  DescribeAutoScalingInstances: describeInstances,
  SetInstanceProtection: ours((group, input) => {
    for (const member of named(group, input)) member.isProtected = input['ProtectedFromScaleIn'] === 'true';
    return {};
  }),
  DetachInstances: ours(async (group, input, context) => {
    const members = named(group, input);
    for (const { id } of members) group.members.delete(id);
    if (input['ShouldDecrementDesiredCapacity'] === 'true') group.desired -= members.length;
    await reconcile(context.state, group, surroundingsOf(context));
    return { Activities: [] };
  }),
  TerminateInstanceInAutoScalingGroup: terminateInstance,
  CompleteLifecycleAction: ours(async (group, input, context) => {
    await settleHooks(group, surroundingsOf(context));
    const member = waiting(group, input);
    const hook = String(input['LifecycleHookName']);
    const result = String(input['LifecycleActionResult']);
    if (!(member && (await completeHook(group, member, { hook, result }, surroundingsOf(context)))))
      throw noActiveAction(input);
    context.state.completed.push({ hook, instanceId: member.id, result });
    await reconcile(context.state, group, surroundingsOf(context));
    return {};
  }),
  RecordLifecycleActionHeartbeat: ours(async (group, input, context) => {
    await settleHooks(group, surroundingsOf(context));
    const member = waiting(group, input);
    if (!(member && extendHook(group, member, String(input['LifecycleHookName']), context.now())))
      throw noActiveAction(input);
    return {};
  }),
};

type OwnOperation = (group: Group, input: Mapping, context: Context) => unknown;

function ours(operation: OwnOperation): Operation<AutoScalingState> {
  return (input, context) => {
    const group = findGroup(context.state, input);
    return group ? operation(group, input, context) : context.forward();
  };
}

/** @throws ServiceError if one of them is not in service, as AWS rejects the whole call */
function named(group: Group, input: Mapping): Member[] {
  return texts(input['InstanceIds']).map((id) => {
    const member = group.members.get(id);
    if (!member) throw invalid(`The instance ${id} is not part of Auto Scaling group ${group.name}.`);
    if (member.state !== 'InService' && member.state !== 'Standby')
      throw invalid(`The instance ${id} is not in InService or Standby.`);
    return member;
  });
}

/** By token, or by instance. */
function waiting(
  { members }: Group,
  { InstanceId: id, LifecycleActionToken: token }: Mapping,
): Member | undefined {
  if (id !== undefined) return members.get(String(id));
  return [...members.values()].find(({ waits }) => waits.some((wait) => wait.token === token));
}

function noActiveAction({ InstanceId, LifecycleActionToken, LifecycleHookName }: Mapping): ServiceError {
  const by = InstanceId === undefined ? `token: ${LifecycleActionToken}` : `instance ID ${InstanceId}`;
  return invalid(`No active Lifecycle Action found with ${by} and hook ${LifecycleHookName}`);
}

function invalid(message: string): ServiceError {
  return new ServiceError('ValidationError', message);
}

async function describeInstances(input: Mapping, context: Context): Promise<unknown> {
  const { state } = context;
  if (state.groups.size === 0) return context.forward();
  const ids = texts(input['InstanceIds']);
  const own = [...state.groups.values()].flatMap((group) =>
    [...group.members.values()]
      .filter(({ id }) => ids.length === 0 || ids.includes(id))
      .map((member) => describeMembership(group, member)),
  );
  if (ids.length > 0 && own.length === ids.length) return { AutoScalingInstances: own };
  const form = ids.map((id, i) => [`InstanceIds.member.${i + 1}`, id] as const);
  const output = await context.callMoto(
    'autoscaling',
    'DescribeAutoScalingInstances',
    Object.fromEntries(form),
  );
  const { AutoScalingInstances: others } = output;
  return { AutoScalingInstances: [...own, ...(Array.isArray(others) ? others : [])] };
}

async function terminateInstance(input: Mapping, context: Context): Promise<unknown> {
  const ids = [...texts(input['InstanceIds']), ...texts(input['InstanceId'])];
  const group = [...context.state.groups.values()].find(({ members }) => members.has(ids[0] ?? ''));
  if (!group) return context.forward();
  const around = surroundingsOf(context);
  for (const id of ids) {
    const member = group.members.get(id);
    if (!member) throw invalid(`Instance Id not found - No managed instance found for instance ID: ${id}`);
    if (input['ShouldDecrementDesiredCapacity'] === 'true') group.desired -= member.weight;
    await leave(group, member, around);
  }
  await reconcile(context.state, group, around);
  return {
    Activity: {
      ActivityId: crypto.randomUUID(),
      AutoScalingGroupName: group.name,
      Cause: 'user',
      StatusCode: 'InProgress',
      StartTime: new Date(context.now()),
    },
  };
}
