import { PublishCommand } from '@aws-sdk/client-sns';
import { sns } from './aws/sns.ts';
import type { Invocation } from './invocation.ts';
import { type Mail, type MailResult, sendMail } from './mail.ts';
import { addCount } from './metrics.ts';
import { truncate } from './redact.ts';

/** What a chat channel shows. Messages with the same thread are one conversation. */
export interface ChatMessage {
  readonly title: string;
  readonly text: string;
  /** What the message is about: a deployment, an instance, an image. */
  readonly thread: string;
  readonly nextSteps?: readonly string[];
}

/** A mail, and the same for chat. */
export interface Notification extends Mail {
  readonly chat: readonly ChatMessage[];
}

export interface NotificationTopics {
  readonly topicArn: string;
  /** Absent: nobody asked for chat messages. */
  readonly chatTopicArn?: string | undefined;
}

/**
 * Sends the mail as `sendMail` does, and then its chat messages. These are never sent twice: a message that SNS refuses
 * is logged and counted as ChatFailed.
 */
export async function sendNotification(
  { topicArn, chatTopicArn }: NotificationTopics,
  notification: Notification,
  invocation: Invocation,
  ids: Readonly<Record<string, unknown>>,
): Promise<MailResult> {
  const result = await sendMail(topicArn, notification, invocation, ids);
  if (result.outcome !== 'refused') await sendChat({ chatTopicArn }, notification.chat, invocation);
  return result;
}

/** Sends messages to chat alone, each at most once, and none where nobody asked for chat. */
export async function sendChat(
  { chatTopicArn }: Pick<NotificationTopics, 'chatTopicArn'>,
  messages: readonly ChatMessage[],
  invocation: Invocation,
): Promise<void> {
  if (chatTopicArn === undefined) return;
  for (const message of messages) await publish(chatTopicArn, message, invocation);
}

async function publish(TopicArn: string, message: ChatMessage, invocation: Invocation): Promise<void> {
  const { logger, metrics, signal } = invocation;
  try {
    await sns.send(new PublishCommand({ TopicArn, Message: JSON.stringify(customNotification(message)) }), {
      abortSignal: signal,
    });
  } catch (error) {
    logger.warn('chat message not sent', { thread: message.thread, error });
    addCount(metrics, 'ChatFailed');
  }
}

/** Below the limits of Slack and Microsoft Teams. */
const MAX_TITLE = 200;
const MAX_TEXT = 4_000;
const MAX_STEP = 350;

/**
 * Amazon Q Developer in chat applications shows events of AWS services and messages of this form, and drops every other
 * text. Source: its guide, "Custom notifications".
 */
function customNotification({ title, text, thread, nextSteps = [] }: ChatMessage): object {
  return {
    version: '1.0',
    source: 'custom',
    content: {
      textType: 'client-markdown',
      title: plain(title, MAX_TITLE),
      description: plain(text, MAX_TEXT),
      ...(nextSteps.length > 0 && { nextSteps: nextSteps.map((step) => plain(step, MAX_STEP)) }),
    },
    metadata: { threadId: thread, summary: plain(title, MAX_TITLE) },
  };
}

/** `<!channel>` in a reason or name must not call everybody. */
function plain(text: string, max: number): string {
  return truncate(text, max).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** More messages than this at once become one. */
const MAX_MESSAGES = 5;

/** One message for each thing, or one for all of them: a storm must not fill the channel. */
export function chatMessages<T>(
  things: readonly T[],
  toMessage: (thing: T) => ChatMessage,
  summary: Pick<ChatMessage, 'title' | 'text'>,
): readonly ChatMessage[] {
  const messages = things.map(toMessage);
  const [first] = messages;
  return first && messages.length > MAX_MESSAGES ? [{ ...summary, thread: first.thread }] : messages;
}
