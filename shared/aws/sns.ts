import { SNSClient } from '@aws-sdk/client-sns';
import { createClient } from './client.ts';

/** A mail cannot be taken back: only an answered refusal is repeated, never a lost answer. */
export const sns = createClient(SNSClient, { deadlineMs: 5_000, retryAnswered: true });
