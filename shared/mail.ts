import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { createClient } from './aws/client.ts';

/** A mail for people: the subject is ASCII and below 100 characters, as SNS demands. */
export interface Mail {
  readonly subject: string;
  readonly text: string;
}

// A mail cannot be unsent: after a lost answer nobody knows whether it went out, so only an answered refusal is repeated.
const sns = createClient(SNSClient, { deadlineMs: 5_000, retryAnswered: true });

export async function sendMail(topicArn: string, digest: Mail, signal: AbortSignal): Promise<void> {
  const command = new PublishCommand({ TopicArn: topicArn, Subject: digest.subject, Message: digest.text });
  await sns.send(command, { abortSignal: signal });
}
