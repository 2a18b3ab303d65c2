import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { createClient } from '#shared/aws/client.ts';

// Pages of a large account take seconds, and nobody waits for them.
export const cloudWatch = createClient(CloudWatchClient, { deadlineMs: 90_000 });
