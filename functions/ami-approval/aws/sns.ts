import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { createClient } from '#shared/aws/client.ts';
import type { Letter } from '../messages/mail.ts';

// Nothing makes a mail safe to repeat: only what SNS itself refused goes out again.
const sns = createClient(SNSClient, { deadlineMs: 8_000, retryAnswered: true });

/** Sends one message. Subscriptions choose theirs by its attributes, lists of texts. */
export async function publish(topicArn: string, letter: Letter, signal: AbortSignal): Promise<void> {
  const { subject, text, attributes = {} } = letter;
  const command = new PublishCommand({
    TopicArn: topicArn,
    Subject: subject,
    Message: text,
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, values]) => [
        name,
        { DataType: 'String.Array', StringValue: JSON.stringify(values) },
      ]),
    ),
  });
  await sns.send(command, { abortSignal: signal });
}
