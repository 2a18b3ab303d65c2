import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { createClient } from '../../../shared/clients.ts';

export const cloudWatch = createClient(CloudWatchClient, { deadlineMs: 45_000 });
