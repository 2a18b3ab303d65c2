import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { createClient } from '#shared/aws/client.ts';

// Reading all pages of a large account takes seconds, and no caller waits for it.
export const cloudWatch = createClient(CloudWatchClient, { deadlineMs: 90_000 });

// One attempt: a throttled change must leave the quota to others at once. See apply-plan.ts.
export const cloudWatchChanges = createClient(CloudWatchClient, { deadlineMs: 30_000, attempts: 1 });
