import { list, type Mapping, mapping } from '../../../json.ts';
import { defineEmulatedService, type Operation, type ServiceContext } from '../../emulated-service.ts';
import { paginate } from '../../pagination.ts';
import { ServiceError } from '../../response.ts';
import { reconcile } from './engine.ts';
import {
  createGroup,
  findGroup,
  isOurs,
  putHook,
  putTags,
  setDesired,
  texts,
  updateGroup,
} from './groups.ts';
import { longestWait } from './hooks.ts';
import { memberOperations } from './members.ts';
import { type AutoScalingState, createState, type Group } from './model.ts';
import { surroundingsOf } from './surroundings.ts';
import { describeActivity, describeGroup, matchesFilters } from './views.ts';

type Context = ServiceContext<AutoScalingState>;

/**
 * moto launches On-Demand whatever the distribution says, never fails to launch, keeps no activities, sends no events and
 * asks no termination policy. Groups with a mixed instances policy or a termination policy function are ours; their load
 * balancers are not attached.
 */
export default defineEmulatedService<AutoScalingState>({
  service: 'autoscaling',
  createState,
  operations: {
    ...memberOperations,
    CreateAutoScalingGroup: async (input, context) => {
      if (!isOurs(input)) return context.forward();
      const group = createGroup(input, context.now(), context);
      context.state.groups.set(group.name, group);
      await act(context, [group]);
      return {};
    },
    DescribeAutoScalingGroups: describeGroups,
    UpdateAutoScalingGroup: change((group, input) => updateGroup(group, input)),
    SetDesiredCapacity: change((group, input) => setDesired(group, Number(input['DesiredCapacity']))),
    SuspendProcesses: change((group, input) => {
      for (const name of processesOf(input)) group.suspended.add(name);
    }),
    ResumeProcesses: change((group, input) => {
      for (const name of processesOf(input)) group.suspended.delete(name);
    }),
    PutLifecycleHook: change((group, input) => putHook(group, input)),
    DeleteLifecycleHook: change((group, input) => {
      group.hooks.delete(String(input['LifecycleHookName']));
    }),
    DescribeLifecycleHooks: ours((group, { LifecycleHookNames: names }) => ({
      LifecycleHooks: [...group.hooks.values()]
        .filter(({ name }) => names === undefined || texts(names).includes(name))
        .map((hook) => ({
          LifecycleHookName: hook.name,
          AutoScalingGroupName: group.name,
          LifecycleTransition: hook.transition,
          HeartbeatTimeout: hook.heartbeatMs / 1000,
          GlobalTimeout: longestWait(hook.heartbeatMs) / 1000,
          DefaultResult: hook.defaultResult,
        })),
    })),
    CreateOrUpdateTags: changeTags((group, tags) => putTags(group, tags)),
    DeleteTags: changeTags((group, tags) => {
      for (const tag of tags) group.tags.delete(String(tag['Key']));
    }),
    DescribeScalingActivities: ours((group, input) => {
      const size = Number(input['MaxRecords'] ?? 100);
      const { items, nextToken } = paginate(group.activities, size, input['NextToken'], invalidToken);
      return { Activities: items.map((one) => describeActivity(group, one)), NextToken: nextToken };
    }),
    StartInstanceRefresh: ours(async (group, _input, context) => {
      const id = crypto.randomUUID();
      const startedAt = context.now();
      const left = new Set(group.members.keys());
      group.refreshes.unshift({ id, startedAt, left, progressedAt: startedAt, status: 'InProgress' });
      await act(context, [group]);
      return { InstanceRefreshId: id };
    }),
    CancelInstanceRefresh: ours((group) => {
      const [running] = group.refreshes;
      if (running) running.status = 'Cancelled';
      return { InstanceRefreshId: running?.id };
    }),
    DescribeInstanceRefreshes: ours((group, input) => ({
      InstanceRefreshes: group.refreshes.slice(0, Number(input['MaxRecords'] ?? 50)).map((one) => ({
        InstanceRefreshId: one.id,
        AutoScalingGroupName: group.name,
        Status: one.status,
        StartTime: new Date(one.startedAt),
      })),
    })),
  },
});

const invalidToken = new ServiceError('InvalidNextToken', 'The NextToken value is not valid.');

const allProcesses = ['Launch', 'Terminate', 'AZRebalance', 'HealthCheck', 'ReplaceUnhealthy'];

function processesOf({ ScalingProcesses: some }: Mapping): readonly string[] {
  return some === undefined ? allProcesses : texts(some);
}

/** Lets the groups act, and keeps how scenarios let all of them act later. */
async function act(context: Context, groups: Iterable<Group>): Promise<void> {
  const { state } = context;
  const around = surroundingsOf(context);
  const run = async (some: Iterable<Group>): Promise<void> => {
    for (const group of some) await reconcile(state, group, around);
  };
  state.wake = () => run(state.groups.values());
  state.releaseEvents = async () => {
    for (const event of state.heldEvents.splice(0)) await context.publish(event);
  };
  await run(groups);
}

type OwnOperation = (group: Group, input: Mapping, context: Context) => unknown;

/** An operation on a group of ours; moto answers for every other group. */
function ours(operation: OwnOperation): Operation<AutoScalingState> {
  return (input, context) => {
    const group = findGroup(context.state, input);
    return group ? operation(group, input, context) : context.forward();
  };
}

function change(apply: (group: Group, input: Mapping) => void): Operation<AutoScalingState> {
  return ours(async (group, input, context) => {
    apply(group, input);
    await act(context, [group]);
    return {};
  });
}

/** Tags name their group by ResourceId. One call for groups of both kinds is not supported. */
function changeTags(apply: (group: Group, tags: readonly Mapping[]) => void): Operation<AutoScalingState> {
  return (input, context) => {
    const tags = list(input['Tags']).map(mapping);
    const group = context.state.groups.get(String(tags[0]?.['ResourceId']));
    if (!group) return context.forward();
    apply(group, tags);
    return {};
  };
}

async function describeGroups(input: Mapping, context: Context): Promise<unknown> {
  const { state } = context;
  if (state.groups.size === 0) return context.forward();
  const names = texts(input['AutoScalingGroupNames']);
  const own = [...state.groups.values()]
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .filter(({ tags }) => matchesFilters(tags, input['Filters']));
  const all = [...own.map(describeGroup), ...(await describeOtherGroups(names, input, context))];
  const size = Number(input['MaxRecords'] ?? 50);
  const { items, nextToken } = paginate(all, size, input['NextToken'], invalidToken);
  return { AutoScalingGroups: items, NextToken: nextToken };
}

async function describeOtherGroups(
  names: readonly string[],
  input: Mapping,
  { callMoto, state }: Context,
): Promise<readonly Mapping[]> {
  const others = names.filter((name) => !state.groups.has(name));
  if (names.length > 0 && others.length === 0) return [];
  const form = others.map((name, i) => [`AutoScalingGroupNames.member.${i + 1}`, name] as const);
  const output = await callMoto('autoscaling', 'DescribeAutoScalingGroups', Object.fromEntries(form));
  const { AutoScalingGroups: found } = output;
  return (Array.isArray(found) ? found : [])
    .map(mapping)
    .filter(({ Tags: tags }) => matchesFilters(toTags(tags), input['Filters']));
}

function toTags(tags: unknown): Map<string, string> {
  const some = Array.isArray(tags) ? tags.map(mapping) : [];
  return new Map(some.map(({ Key, Value }) => [String(Key), String(Value)]));
}
