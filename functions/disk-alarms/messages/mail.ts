import type { Mail } from '#shared/mail.ts';
import { truncate } from '#shared/redact.ts';
import type { ExistingAlarm } from '../domain/alarm.ts';
import { withoutMetadata } from '../domain/alarm-metadata.ts';
import type { Recovery } from '../domain/recovery.ts';

/** SNS allows 100 printable ASCII characters. */
const MAX_SUBJECT = 100;

/**
 * The message that an OK action would send. Pagers and chat clients read CloudWatch's JSON, people get a text.
 * Source: the notification of a CloudWatch alarm, and SNS Publish with MessageStructure.
 */
export function recoveryMail({ name, arn, description }: ExistingAlarm, { reason, at }: Recovery): Mail {
  const [, , , region = '', account = ''] = arn.split(':');
  const subject = `OK: "${name}" in ${region}`.replace(/[^ -~]/g, '?');
  const text = [
    `Recovered: the alarm ${name} is OK again. You do not need to act.`,
    `The alarm said: ${withoutMetadata(description)}`,
    `OK since ${at}. ${reason}`.trim(),
  ].join('\n\n');
  const notification = {
    AlarmName: name,
    AlarmDescription: description,
    AWSAccountId: account,
    NewStateValue: 'OK',
    NewStateReason: reason,
    StateChangeTime: at,
    Region: region,
    AlarmArn: arn,
    OldStateValue: 'ALARM',
  };
  return {
    subject: subject.length > MAX_SUBJECT ? `${subject.slice(0, MAX_SUBJECT - 3)}...` : subject,
    text: JSON.stringify(notification),
    textByProtocol: { email: text, sms: truncate(`OK: ${name}`, 140) },
  };
}
