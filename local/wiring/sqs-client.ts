import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** What SQS takes and gives in one call. */
const callLimit = 10;

export async function sendAll(sqs: SQSClient, queueUrl: string, bodies: readonly string[]): Promise<void> {
  const calls = inCalls(bodies).map((some) => sendSome(sqs, queueUrl, some));
  await Promise.all(calls);
}

async function sendSome(sqs: SQSClient, queueUrl: string, bodies: readonly string[]): Promise<void> {
  const entries: SendMessageBatchRequestEntry[] = bodies.map((body, at) => ({
    Id: String(at),
    MessageBody: body,
  }));
  const { Failed = [] } = await sqs.send(
    new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }),
  );
  const [first] = Failed;
  if (first) throw new Error(`${queueUrl} refused ${Failed.length} messages: ${first.Code} ${first.Message}`);
}

/** Sends one message with text attributes. */
export async function sendOne(
  sqs: SQSClient,
  queueUrl: string,
  body: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<void> {
  const named = Object.entries(attributes).map(([name, StringValue]) => [
    name,
    { DataType: 'String', StringValue },
  ]);
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: body,
      MessageAttributes: Object.fromEntries(named),
    }),
  );
}

export async function receiveSome(
  sqs: SQSClient,
  queueUrl: string,
  most = callLimit,
): Promise<readonly Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(most, callLimit),
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
      WaitTimeSeconds: 0,
    }),
  );
  return Messages;
}

export async function deleteAll(
  sqs: SQSClient,
  queueUrl: string,
  messages: readonly Message[],
): Promise<void> {
  const calls = inCalls(messages).map((some) =>
    sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: some.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle })),
      }),
    ),
  );
  await Promise.all(calls);
}

function inCalls<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / callLimit);
  return Array.from({ length: count }, (_, at) => items.slice(at * callLimit, (at + 1) * callLimit));
}
