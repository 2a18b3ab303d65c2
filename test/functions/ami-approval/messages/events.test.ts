import { expect, it } from 'vitest';
import { requestEndedEvent } from '../../../../functions/ami-approval/messages/events.ts';
import { approval, subject } from '../approvals.ts';

it.each([
  ['eu-west-1', 'aws'],
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['eusc-de-east-1', 'aws-eusc'],
  ['us-iso-east-1', 'aws-iso'],
  ['us-isob-east-1', 'aws-iso-b'],
])('names the AMIs of %s in the partition %s', (region, partition) => {
  const [ami] = subject().amis;
  if (!ami) expect.unreachable('the example has no AMI');
  const record = approval({ subject: subject({ amis: [{ ...ami, region }] }) });

  expect(requestEndedEvent(record).resources).toContain(`arn:${partition}:ec2:${region}::image/${ami.id}`);
});
