import * as z from 'zod/mini';
import { parseAs } from '../parse.ts';

const notification = z.object({
  MessageId: z.string().check(z.minLength(1)),
  TopicArn: z.string().check(z.minLength(1)),
  Subject: z.nullish(z.string()),
  Message: z.string(),
  Timestamp: z.string(),
});

const snsEvent = z.object({
  Records: z.array(z.object({ EventSource: z.literal('aws:sns'), Sns: notification })).check(z.minLength(1)),
});

export type Notification = Readonly<z.output<typeof notification>>;

/** The notifications of an SNS event. SNS sends one per invocation, as a list. */
export function parseNotifications(event: unknown): readonly Notification[] {
  return parseAs(snsEvent, event, 'SNS event').Records.map(({ Sns }) => Sns);
}
