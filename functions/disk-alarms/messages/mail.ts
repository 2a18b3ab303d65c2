import type { Mail } from '#shared/mail.ts';
import { subjectLine } from '#shared/mail-text.ts';
import { truncate } from '#shared/redact.ts';
import type { ExistingAlarm } from '../domain/alarm.ts';
import { withoutMetadata } from '../domain/alarm-metadata.ts';
import type { Recovery } from '../domain/recovery.ts';

/**
 * The message that an OK action would send. Pagers and chat clients read CloudWatch's JSON, people get a text.
 * Source: the notification of a CloudWatch alarm, and SNS Publish with MessageStructure.
 */
export function recoveryMail({ name, arn, description }: ExistingAlarm, { reason, at }: Recovery): Mail {
  const [, , , region = '', account = ''] = arn.split(':');
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
    subject: subjectLine(`OK: "${name}" in ${region}`),
    text: JSON.stringify(notification),
    textByProtocol: { email: text, sms: truncate(`OK: ${name}`, 140) },
  };
}
