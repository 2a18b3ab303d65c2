import { expect, it } from 'vitest';
import { amiLink, imageLink, launchLink } from '../../../../functions/ami-approval/domain/console-links.ts';

it.each([
  ['eu-west-1', 'aws', 'https://eu-west-1.console.aws.amazon.com'],
  ['cn-north-1', 'aws-cn', 'https://cn-north-1.console.amazonaws.cn'],
  ['eusc-de-east-1', 'aws-eusc', 'https://eusc-de-east-1.console.amazonaws-eusc.eu'],
  ['us-gov-west-1', 'aws-us-gov', 'https://us-gov-west-1.console.amazonaws-us-gov.com'],
])('links into consoles follow the partition of %s', (region, partition, base) => {
  const arn = `arn:${partition}:imagebuilder:${region}:123456789012:image/web/1.0.0/1`;
  expect(imageLink(arn)).toBe(`${base}/imagebuilder/home?region=${region}#/images/${arn}`);
  expect(amiLink({ region, id: 'ami-1' })).toBe(
    `${base}/ec2/home?region=${region}#ImageDetails:imageId=ami-1`,
  );
  expect(launchLink({ region, id: 'ami-1' })).toBe(
    `${base}/ec2/home?region=${region}#LaunchInstances:ami=ami-1`,
  );
});
