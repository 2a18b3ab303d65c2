import { consoleOf } from '#shared/partitions.ts';
import type { Ami } from './approval-subject.ts';

/** The image in the console of Image Builder. */
export function imageLink(imageArn: string): string {
  const region = imageArn.split(':')[3] ?? '';
  return `${consoleOf(region)}/imagebuilder/home?region=${region}#/images/${encodeURI(imageArn)}`;
}

/** The AMI in the console of EC2. */
export function amiLink({ region, id }: Pick<Ami, 'region' | 'id'>): string {
  return `${consoleOf(region)}/ec2/home?region=${region}#ImageDetails:imageId=${id}`;
}

/** The form that launches an instance of the AMI, for a test by hand. */
export function launchLink({ region, id }: Pick<Ami, 'region' | 'id'>): string {
  return `${consoleOf(region)}/ec2/home?region=${region}#LaunchInstances:ami=${id}`;
}
