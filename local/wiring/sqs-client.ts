import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** The number of messages that SQS accepts or returns in one call. */
const maxPerCall = 10;

export async function sendMessages(
  sqs: SQSClient,
  queueUrl: string,
  bodies: readonly string[],
): Promise<void> {
  const calls = inBatches(bodies).map((some) => sendBatch(sqs, queueUrl, some));
  await Promise.all(calls);
}

async function sendBatch(sqs: SQSClient, queueUrl: string, bodies: readonly string[]): Promise<void> {
  const entries: SendMessageBatchRequestEntry[] = bodies.map((body, at) => ({
    Id: String(at),
    MessageBody: body,
  }));
  const { Failed = [] } = await sqs.send(
    new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }),
  );
  const [first] = Failed;
  if (first)
    throw new Error(
      `SQS did not accept ${Failed.length} messages for ${queueUrl}. The first error: ${first.Code} ${first.Message}`,
    );
}

/** Sends one message with text attributes. */
export async function sendMessage(
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

export async function receiveMessages(
  sqs: SQSClient,
  queueUrl: string,
  max = maxPerCall,
): Promise<readonly Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(max, maxPerCall),
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
      WaitTimeSeconds: 0,
    }),
  );
  return Messages;
}

export async function deleteMessages(
  sqs: SQSClient,
  queueUrl: string,
  messages: readonly Message[],
): Promise<void> {
  const calls = inBatches(messages).map((some) =>
    sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: some.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle })),
      }),
    ),
  );
  await Promise.all(calls);
}

function inBatches<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / maxPerCall);
  return Array.from({ length: count }, (_, at) => items.slice(at * maxPerCall, (at + 1) * maxPerCall));
}
