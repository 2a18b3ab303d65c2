import { createHash, randomUUID } from 'node:crypto';
import { list, type Mapping, mapping, numberOr } from '../../local/json.ts';

/** A message in a queue of the account. */
export interface Message {
  readonly body: string;
  readonly delaySeconds: number;
}

/** What SQS answers to SendMessageBatch. The SDK checks the hash. */
export function acceptMessages(input: Mapping, messages: Message[]): object {
  const Successful = list(input['Entries']).map((entry) => {
    const { Id, MessageBody, DelaySeconds } = mapping(entry);
    const body = String(MessageBody);
    messages.push({ body, delaySeconds: numberOr(DelaySeconds, 0) });
    return { Id, MessageId: randomUUID(), MD5OfMessageBody: createHash('md5').update(body).digest('hex') };
  });
  return { Successful, Failed: [] };
}

/** The event with which Lambda delivers a message of a queue. */
export function toQueueEvent({ body }: Message, queueArn: string): object {
  return {
    Records: [
      {
        messageId: randomUUID(),
        receiptHandle: randomUUID(),
        body,
        attributes: { ApproximateReceiveCount: '1' },
        messageAttributes: {},
        eventSource: 'aws:sqs',
        eventSourceARN: queueArn,
        awsRegion: 'eu-west-1',
      },
    ],
  };
}
