import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { createClient } from '../../../shared/clients.ts';

export const cloudWatch = createClient(CloudWatchClient, { deadlineMs: 20_000, attempts: 4 });
