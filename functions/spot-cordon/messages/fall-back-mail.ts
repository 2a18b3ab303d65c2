import type { Notification } from '#shared/chat.ts';
import { subjectLine } from '#shared/mail-text.ts';
import type { FailureNotice, FallBackNotice } from '../domain/fall-back-record.ts';
import type { MixedGroup } from '../domain/mixed-group.ts';

/** The same subject keeps the notices of a group in one thread. */
export function fallBackMail({ name }: MixedGroup, notice: FallBackNotice): Notification {
  const subject = subjectLine(`Groundcrew: Spot capacity of ${name}`);
  const command = `aws autoscaling describe-scaling-activities --auto-scaling-group-name '${name}'`;
  const about = sentences(name, notice);
  const chat = { title: subject, text: about.join('\n'), thread: `fall-back ${name}`, nextSteps: [command] };
  return { subject, text: [...about, '', `Details: ${command}`].join('\n'), chat: [chat] };
}

function sentences(name: string, notice: FallBackNotice): string[] {
  const { failure, from, kind, to } = notice;
  switch (kind) {
    case 'fell back':
      return [
        `Group ${name} gets On-Demand instead of Spot, because Spot capacity is missing: its OnDemandBaseCapacity is now ${to} instead of ${from}.`,
        'You need to do nothing. It returns in steps when the market has been calm for a while.',
      ];
    case 'step':
      return [
        `Group ${name} starts to return to Spot: its OnDemandBaseCapacity is now ${to} instead of ${from}.`,
        'You need to do nothing. The next notice comes when it is back, or when Spot is missing again.',
      ];
    case 'returned':
      return [
        `Group ${name} is back on Spot: its OnDemandBaseCapacity is ${to} again.`,
        'You need to do nothing.',
      ];
    case 'let go':
      return [
        `Group ${name} was changed by somebody else: its OnDemandBaseCapacity is ${to}, Groundcrew had set ${from}, or another member of the distribution differs.`,
        'Groundcrew forgets what it recorded. Set the distribution that you want to keep; a new lack of Spot capacity starts from it.',
      ];
    case 'failure':
      return failureSentences(name, failure ?? 'refused');
  }
}

function failureSentences(name: string, failure: FailureNotice): string[] {
  const cause = {
    'no capacity': ['there is no capacity', 'Look at its activities.'],
    'no On-Demand capacity': ['there is no On-Demand capacity', 'Add instance types or zones.'],
    'limit reached': ['a quota of the account is reached', 'Raise the quota in Service Quotas.'],
    refused: ['EC2 refuses its configuration', 'Correct the launch template or the group.'],
  }[failure];
  return [
    `Group ${name} cannot launch instances, because ${cause[0]}.`,
    `${cause[1]} Groundcrew changes nothing here.`,
  ];
}
