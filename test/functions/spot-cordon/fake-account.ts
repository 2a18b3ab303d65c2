import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  DetachInstancesCommand,
  SetInstanceProtectionCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  BatchGetItemCommand,
  DynamoDBClient,
  ScanCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeInstancesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import {
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingClient,
} from '@aws-sdk/client-elastic-load-balancing';
import {
  DeregisterTargetsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { CordonDraft, CordonRecord } from '../../../functions/spot-cordon/domain/cordon-record.ts';
import type { DrainLedger } from '../../../functions/spot-cordon/domain/drain-floor.ts';

// An account that can refuse any call: for refusals and races that the local account does not produce.

export interface FakeInstance {
  readonly id: string;
  readonly vpc?: string;
  readonly ip?: string;
  readonly state?: string;
  readonly host?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

interface FakeGroup {
  readonly name: string;
  readonly targetGroups?: readonly string[];
  readonly rebalances?: boolean;
  readonly members: readonly string[];
  readonly isProtected?: boolean;
}

export interface FakeTargetGroup {
  readonly arn: string;
  readonly type?: string;
  readonly vpc?: string;
  readonly targets: { Id: string; Port: number }[];
  /** Healthy targets that no test warns about, so that the floor holds nothing back. */
  readonly spares?: number;
}

export interface Fleet {
  readonly instances: readonly FakeInstance[];
  readonly groups?: readonly FakeGroup[];
  readonly targetGroups?: readonly FakeTargetGroup[];
}

export const clients = {
  dynamo: mockClient(DynamoDBClient),
  ec2: mockClient(EC2Client),
  autoScaling: mockClient(AutoScalingClient),
  elb: mockClient(ElasticLoadBalancingV2Client),
  classic: mockClient(ElasticLoadBalancingClient),
  events: mockClient(EventBridgeClient),
  sns: mockClient(SNSClient),
  sqs: mockClient(SQSClient),
};

export const table = new Map<string, CordonRecord>();
const ledger = new Map<string, DrainLedger>();

interface Row {
  readonly revision: string;
}
const tables: Readonly<Record<string, { readonly key: string; readonly rows: Map<string, Row> }>> = {
  cordons: { key: 'instanceId', rows: table },
  ledger: { key: 'pool', rows: ledger },
};

function tableNamed(name: string) {
  const found = tables[name];
  if (!found) throw new Error(`the fake account has no table ${name}`);
  return found;
}

export function openAccount(fleet: Fleet): void {
  table.clear();
  ledger.clear();
  for (const client of Object.values(clients)) client.reset();
  answerTable();
  answerInstances(fleet);
  answerGroups(fleet);
  answerTargetGroups(fleet);
  clients.classic.onAnyCommand().resolves({});
  clients.classic.on(DescribeLoadBalancersCommand).resolves({ LoadBalancerDescriptions: [] });
  clients.events
    .on(PutEventsCommand)
    .callsFake(async ({ Entries }) => ({ Entries: Entries.map(() => ({ EventId: 'e' })) }));
  clients.sns.on(PublishCommand).resolves({ MessageId: 'm' });
  clients.sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [] });
}

export function keep(cordon: CordonDraft): CordonRecord {
  const saved = { ...cordon, revision: `seed of ${cordon.instanceId}` };
  table.set(cordon.instanceId, saved);
  return saved;
}

/** Lets the transactions fail that the function selects. Without a function, none fails any more. */
export function failTransactions(isFailing: (items: string) => boolean = () => false): void {
  clients.dynamo.on(TransactWriteItemsCommand).callsFake(async ({ TransactItems }) => {
    if (isFailing(JSON.stringify(TransactItems))) throw refusal('InternalServerError');
    return write(TransactItems);
  });
}

/** An SDK error as the service names it. */
export function refusal(name: string, message: string = name, more: object = {}): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 }, ...more });
}

/** The events on the default bus. */
export function publishedEvents(): { type: string; detail: Record<string, string> }[] {
  return clients.events
    .commandCalls(PutEventsCommand)
    .flatMap(({ args }) => args[0].input.Entries ?? [])
    .map(({ DetailType, Detail }) => ({ type: DetailType ?? '', detail: JSON.parse(Detail ?? '{}') }));
}

function answerTable(): void {
  clients.dynamo.on(BatchGetItemCommand).callsFake(async ({ RequestItems }) => {
    const [name = ''] = Object.keys(RequestItems);
    const { key, rows } = tableNamed(name);
    const ids: string[] = RequestItems[name].Keys.map((one: Record<string, { S: string }>) => one[key]?.S);
    return { Responses: { [name]: ids.flatMap((id) => rows.get(id) ?? []).map((one) => marshall(one)) } };
  });
  clients.dynamo
    .on(ScanCommand)
    .callsFake(async () => ({ Items: [...table.values()].map((one) => marshall(one)) }));
  clients.dynamo.on(TransactWriteItemsCommand).callsFake(async ({ TransactItems }) => write(TransactItems));
}

// biome-ignore lint/suspicious/noExplicitAny: the items of a transaction, as the wing wrote them
function write(items: any[]): object {
  const reasons = items.map(({ Put, Delete }) => {
    const { key, rows } = tableNamed((Put ?? Delete).TableName);
    const id = (Put?.Item ?? Delete.Key)[key].S;
    const expected = (Put ?? Delete).ExpressionAttributeValues?.[':revision'].S;
    return { Code: rows.get(id)?.revision === expected ? 'None' : 'ConditionalCheckFailed' };
  });
  if (reasons.some(({ Code }) => Code !== 'None')) {
    throw refusal('TransactionCanceledException', 'cancelled', { CancellationReasons: reasons });
  }
  for (const { Put, Delete } of items) {
    const { key, rows } = tableNamed((Put ?? Delete).TableName);
    if (Put) rows.set(Put.Item[key].S, unmarshall(Put.Item) as Row);
    else rows.delete(Delete.Key[key].S);
  }
  return {};
}

function answerInstances({ instances }: Fleet): void {
  clients.ec2.on(DescribeInstancesCommand).callsFake(async ({ InstanceIds, Filters }) => ({
    Reservations: instances
      .filter(({ id, host }) =>
        (InstanceIds ?? Filters[0].Values).includes(Filters?.[0].Name === 'host-id' ? host : id),
      )
      .map(({ id, vpc = 'vpc-1', ip = '10.0.0.1', state = 'running', host, tags = {} }) => ({
        Instances: [
          {
            InstanceId: id,
            VpcId: vpc,
            Placement: { HostId: host, AvailabilityZone: 'eu-west-1a' },
            PrivateIpAddress: ip,
            State: { Name: state },
            InstanceLifecycle: 'spot',
            InstanceType: 'm5.large',
            Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          },
        ],
      })),
  }));
  clients.ec2.on(CreateTagsCommand).resolves({});
  clients.ec2.on(DeleteTagsCommand).resolves({});
}

function answerGroups({ groups = [] }: Fleet): void {
  clients.autoScaling.onAnyCommand().resolves({});
  clients.autoScaling.on(DescribeLifecycleHooksCommand).resolves({ LifecycleHooks: [] });
  clients.autoScaling.on(SetInstanceProtectionCommand).resolves({});
  clients.autoScaling.on(DetachInstancesCommand).resolves({});
  clients.autoScaling.on(DescribeAutoScalingGroupsCommand).callsFake(async ({ AutoScalingGroupNames }) => ({
    AutoScalingGroups: groups
      .filter(({ name }) => AutoScalingGroupNames.includes(name))
      .map(({ name, members, isProtected = false, targetGroups = [], rebalances = false }) => ({
        AutoScalingGroupName: name,
        TargetGroupARNs: targetGroups,
        CapacityRebalance: rebalances,
        Instances: members.map((InstanceId) => ({
          InstanceId,
          LifecycleState: 'InService',
          ProtectedFromScaleIn: isProtected,
        })),
      })),
  }));
}

function answerTargetGroups({ targetGroups = [] }: Fleet): void {
  const draining = new Set<string>();
  const key = (arn: string, { Id, Port }: { Id: string; Port: number }): string => `${arn} ${Id} ${Port}`;
  clients.elb.on(DescribeTargetGroupsCommand).callsFake(async () => ({
    TargetGroups: targetGroups.map(({ arn, type = 'instance', vpc = 'vpc-1' }) => ({
      TargetGroupArn: arn,
      TargetType: type,
      VpcId: vpc,
      LoadBalancerArns: ['alb'],
    })),
  }));
  const registered = (arn: string): { Id: string; Port: number }[] => {
    const { targets = [], spares = 9 } = targetGroups.find((one) => one.arn === arn) ?? {};
    return [...targets, ...Array.from({ length: spares }, (_, i) => ({ Id: `i-0000000${i}`, Port: 80 }))];
  };
  clients.elb.on(DescribeTargetHealthCommand).callsFake(async ({ TargetGroupArn }) => ({
    TargetHealthDescriptions: registered(TargetGroupArn).map((target) => ({
      Target: target,
      TargetHealth: { State: draining.has(key(TargetGroupArn, target)) ? 'draining' : 'healthy' },
    })),
  }));
  clients.elb.on(DescribeTargetGroupAttributesCommand).resolves({ Attributes: [] });
  clients.elb.on(DeregisterTargetsCommand).callsFake(async ({ TargetGroupArn, Targets }) => {
    for (const target of Targets) draining.add(key(TargetGroupArn, target));
    return {};
  });
  clients.elb.on(RegisterTargetsCommand).resolves({});
}
