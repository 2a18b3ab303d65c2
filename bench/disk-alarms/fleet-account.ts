import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { list, type Mapping, mapping, numberOr } from '../../local/json.ts';
import type { AlarmStore } from './alarm-store.ts';
import { dimensionsOf, type Fleet, idOf, page } from './fleet.ts';
import { acceptMessages, type Message } from './messages.ts';

/** An account that contains only a fleet and its alarms. */
export interface FleetAccount {
  readonly url: string;
  /** For a process that calls it: of the function, or of Python. */
  readonly environment: Readonly<Record<string, string>>;
  /** By action. */
  readonly calls: Map<string, number>;
  /** What was sent to queues and not taken yet. */
  readonly messages: Message[];
  close(): void;
}

/** It answers what ReconcileDiskAlarms reads, page by page, and keeps the alarms that it writes. */
export async function openFleetAccount(fleet: Fleet, alarms: AlarmStore): Promise<FleetAccount> {
  const calls = new Map<string, number>();
  const messages: Message[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const target = String(request.headers['x-amz-target'] ?? '').split('.')[1];
      const action = target ?? new URLSearchParams(body).get('Action') ?? 'unknown';
      calls.set(action, (calls.get(action) ?? 0) + 1);
      const answer = target === undefined ? ec2Page(fleet, body) : answerJson(target, body);
      const type = target === undefined ? 'text/xml' : 'application/x-amz-json-1.0';
      response.writeHead(200, { 'content-type': type });
      response.end(answer);
    });
  });
  const answerJson = (action: string, body: string): string => {
    const input = mapping(JSON.parse(body));
    if (action === 'SendMessageBatch') return JSON.stringify(acceptMessages(input, messages));
    return JSON.stringify(answers[action]?.(fleet, input, alarms) ?? {});
  };
  const url = await listen(server);
  return { url, environment: environmentFor(url), calls, messages, close: () => server.close() };
}

function environmentFor(url: string): FleetAccount['environment'] {
  return {
    NOTIFICATION_TOPIC_ARN: 'arn:aws:sns:eu-west-1:123456789012:bench',
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL: url,
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : undefined}`;
}

const answers: Readonly<Record<string, (fleet: Fleet, input: Mapping, alarms: AlarmStore) => object>> = {
  ListMetrics: (fleet, { MetricName: name, NextToken }) => {
    if (!String(name).startsWith('disk_')) return { Metrics: [] };
    const { items, next } = page(fleet.instances * fleet.disksEach, 500, NextToken);
    const Metrics = items.map((disk) => ({
      Namespace: 'CWAgent',
      MetricName: name,
      Dimensions: dimensionsOf(fleet, disk),
    }));
    return { Metrics, NextToken: next };
  },
  DescribeAlarms: (_, input, alarms) => alarms.describe(input),
  PutMetricAlarm: (_, input, alarms) => alarms.put(input),
  // The clock of the function may be ahead of the machine's, so times come from the question.
  GetMetricData: (_, { MetricDataQueries: queries, EndTime }) => ({
    MetricDataResults: list(queries).map((query) => ({
      Id: mapping(query)['Id'],
      Timestamps: Array.from({ length: 12 }, (_, i) => numberOr(EndTime, 0) - (i + 1) * 300),
      Values: Array(12).fill(100 * 2 ** 30),
      StatusCode: 'Complete',
    })),
  }),
};

function ec2Page({ instances }: Fleet, body: string): string {
  const { items, next } = page(instances, 1000, new URLSearchParams(body).get('NextToken') ?? undefined);
  const found = items.map((at) => {
    const name = `<item><key>Name</key><value>node-${at}</value></item>`;
    const tags = `<tagSet>${name}<item><key>groundcrew:disk-alarms</key><value>on</value></item></tagSet>`;
    const state = '<instanceState><name>running</name></instanceState>';
    const id = `<instanceId>${idOf(at)}</instanceId>`;
    return `<item>${id}${state}<launchTime>2026-01-01T00:00:00Z</launchTime>${tags}</item>`;
  });
  const token = next ? `<nextToken>${next}</nextToken>` : '';
  const set = `<reservationSet><item><instancesSet>${found.join('')}</instancesSet></item></reservationSet>`;
  return `<DescribeInstancesResponse>${set}${token}</DescribeInstancesResponse>`;
}
