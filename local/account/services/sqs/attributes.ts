import { type Mapping, mapping } from '../../../json.ts';
import { type Message, md5, type Queue } from './queue.ts';

/** The attributes of a queue, with the counts at this time. */
export function queueAttributes(queue: Queue, now: number): Readonly<Record<string, string>> {
  const delayed = queue.messages.filter(({ delayedUntil }) => delayedUntil > now);
  const hidden = queue.messages.filter(({ visibleAt }) => visibleAt > now);
  const created = String(Math.floor(queue.createdAt / 1000));
  return {
    ...Object.fromEntries(queue.attributes),
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(queue.messages.length - hidden.length),
    ApproximateNumberOfMessagesDelayed: String(delayed.length),
    ApproximateNumberOfMessagesNotVisible: String(hidden.length - delayed.length),
    CreatedTimestamp: created,
    LastModifiedTimestamp: created,
  };
}

/** The attributes that SQS adds to a received message. */
export function systemAttributes(message: Message): Readonly<Record<string, string>> {
  return {
    SenderId: message.sender,
    SentTimestamp: String(Math.floor(message.sentAt)),
    ApproximateReceiveCount: String(message.received),
    ApproximateFirstReceiveTimestamp: String(Math.floor(message.firstReceivedAt ?? 0)),
  };
}

/** Names can be `All`, `.*`, or end with `.*`. */
export function pick<T>(values: Readonly<Record<string, T>>, names: readonly unknown[]): Record<string, T> {
  const isAsked = (name: string): boolean =>
    names.some((asked) => {
      const text = String(asked);
      if (text === 'All' || text === '.*') return true;
      return text.endsWith('.*') ? name.startsWith(text.slice(0, -1)) : text === name;
    });
  return Object.fromEntries(Object.entries(values).filter(([name]) => isAsked(name)));
}

/** The checksum of message attributes (developer guide, "Calculating the MD5 message digest for message attributes"). */
export function attributesMd5(attributes: Mapping): string | undefined {
  const names = Object.keys(attributes).toSorted();
  if (names.length === 0) return undefined;
  const parts = names.flatMap((name) => {
    const { DataType, StringValue, BinaryValue } = mapping(attributes[name]);
    const value =
      StringValue === undefined
        ? Buffer.from(String(BinaryValue), 'base64')
        : Buffer.from(String(StringValue));
    const kind = Buffer.from([StringValue === undefined ? 2 : 1]);
    return [
      ...withLength(Buffer.from(name)),
      ...withLength(Buffer.from(String(DataType))),
      kind,
      ...withLength(value),
    ];
  });
  return md5(Buffer.concat(parts));
}

function withLength(bytes: Buffer): readonly [Buffer, Buffer] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
}
