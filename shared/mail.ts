import { PublishCommand } from '@aws-sdk/client-sns';
import { sns } from './aws/sns.ts';
import { isServiceResponse } from './errors.ts';
import type { Invocation } from './invocation.ts';
import { addCount } from './metrics.ts';

/** A message for people. SNS demands a subject of less than 100 ASCII characters: see `subjectLine`. */
export interface Mail {
  readonly subject: string;
  readonly text: string;
  /** Other texts for subscriptions through these protocols, for example `email`. */
  readonly textByProtocol?: Readonly<Record<string, string>>;
  /** Subscriptions filter by these lists of texts. */
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
}

/**
 * `refused`: SNS answered with an error, so nothing was sent and the mail may be sent again. `uncertain`: the answer was
 * lost, so the mail may have gone out and is not sent twice.
 */
export type MailResult =
  | { readonly outcome: 'sent' | 'uncertain' }
  | { readonly outcome: 'refused'; readonly error: unknown };

/** Sends a mail at most once. An uncertain delivery is logged with `ids` and counted as NoticeUncertain. */
export async function sendMail(
  topicArn: string,
  mail: Mail,
  invocation: Invocation,
  ids: Readonly<Record<string, unknown>>,
): Promise<MailResult> {
  try {
    await sns.send(toCommand(topicArn, mail), { abortSignal: invocation.signal });
    return { outcome: 'sent' };
  } catch (error) {
    if (isServiceResponse(error)) return { outcome: 'refused', error };
    invocation.logger.error('mail delivery unknown after a lost response, not sent again', { ...ids, error });
    addCount(invocation.metrics, 'NoticeUncertain');
    return { outcome: 'uncertain' };
  }
}

function toCommand(topicArn: string, mail: Mail): PublishCommand {
  const { subject, text, textByProtocol, attributes } = mail;
  return new PublishCommand({
    TopicArn: topicArn,
    Subject: subject,
    Message: textByProtocol ? JSON.stringify({ default: text, ...textByProtocol }) : text,
    ...(textByProtocol && { MessageStructure: 'json' }),
    ...(attributes && {
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, values]) => [
          name,
          { DataType: 'String.Array', StringValue: JSON.stringify(values) },
        ]),
      ),
    }),
  });
}
