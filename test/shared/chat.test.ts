import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ChatMessage, chatMessages, sendNotification } from '../../shared/chat.ts';
import { fakeInvocation } from '../support/handlers/invocation.ts';
import { chatNotification } from '../support/scenarios/chat-schema.ts';

const sns = mockClient(SNSClient);
const topics = { topicArn: 'arn:mail', chatTopicArn: 'arn:chat' };
const message: ChatMessage = { title: 'Held', text: 'why', thread: 'health-gate orders' };

beforeEach(() => {
  sns.reset();
  sns.on(PublishCommand).resolves({ MessageId: 'm' });
});

async function send(chat: readonly ChatMessage[], to: Parameters<typeof sendNotification>[0] = topics) {
  const { invocation, book } = fakeInvocation();
  const result = await sendNotification(to, { subject: 'Held', text: 'mail', chat }, invocation, {});
  const published = sns.commandCalls(PublishCommand).map(({ args }) => args[0].input);
  return { result, book, published };
}

describe('a notice', () => {
  it('goes to the mail topic as text and to the chat topic as a custom notification', async () => {
    const { published } = await send([{ ...message, nextSteps: ['Retry it.'] }]);
    expect(published.map(({ TopicArn }) => TopicArn)).toEqual(['arn:mail', 'arn:chat']);
    const sent = chatNotification.parse(JSON.parse(published[1]?.Message ?? ''));
    expect(sent).toMatchObject({
      content: { title: 'Held', description: 'why', nextSteps: ['Retry it.'] },
      metadata: { threadId: 'health-gate orders' },
    });
  });

  it('is only a mail where nobody asked for chat', async () => {
    const { published } = await send([message], { topicArn: 'arn:mail', chatTopicArn: undefined });
    expect(published.map(({ TopicArn }) => TopicArn)).toEqual(['arn:mail']);
  });

  it('calls nobody, whatever a reason contains, and is cut to what chat can show', async () => {
    const { published } = await send([{ ...message, title: '<!channel> & more', text: 'a'.repeat(9000) }]);
    const { content } = chatNotification.parse(JSON.parse(published[1]?.Message ?? ''));
    expect(content.title).toBe('&lt;!channel&gt; &amp; more');
    expect(content.description.length).toBeLessThan(5000);
  });

  it('whose mail is refused is not in chat either, because both are sent again', async () => {
    const refusal = Object.assign(new Error('no'), { $fault: 'client', $metadata: { httpStatusCode: 400 } });
    sns.on(PublishCommand, { TopicArn: 'arn:mail' }).rejects(refusal);
    const { result, published } = await send([message]);
    expect(result.outcome).toBe('refused');
    expect(published.filter(({ TopicArn }) => TopicArn === 'arn:chat')).toEqual([]);
  });

  it('that chat refuses is mailed all the same, and said so', async () => {
    sns.on(PublishCommand, { TopicArn: 'arn:chat' }).rejects(new Error('no'));
    const { result, book } = await send([message]);
    expect(result.outcome).toBe('sent');
    expect(book.counts).toEqual({ ChatFailed: 1 });
    expect(book.lines).toMatchObject([
      { level: 'warn', message: 'chat message not sent', fields: { thread: message.thread } },
    ]);
  });
});

describe('messages about several things', () => {
  const toMessage = (thread: string): ChatMessage => ({ ...message, thread });
  const summary = { title: 'All', text: 'all' };

  it('are one for each of up to five', () => {
    const threads = ['a', 'b', 'c', 'd', 'e'];
    expect(chatMessages(threads, toMessage, summary).map(({ thread }) => thread)).toEqual(threads);
  });

  it('are one for more than five, and none for nothing', () => {
    expect(chatMessages(['a', 'b', 'c', 'd', 'e', 'f'], toMessage, summary)).toEqual([
      { ...summary, thread: 'a' },
    ]);
    expect(chatMessages([], toMessage, summary)).toEqual([]);
  });
});
