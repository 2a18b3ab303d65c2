import { z } from 'zod';

/** Text that cannot mention a channel: Slack reads `<!channel>` as a call to everybody. */
const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((one) => !/[<>]/.test(one), 'has < or >');

/**
 * What Amazon Q Developer in chat applications accepts as a custom notification. Source: its guide, "Custom
 * notifications", event schema.
 */
export const chatNotification = z.strictObject({
  version: z.literal('1.0'),
  source: z.literal('custom'),
  id: z.optional(z.string()),
  content: z.strictObject({
    textType: z.literal('client-markdown'),
    title: text(250),
    description: text(8000),
    nextSteps: z.optional(z.array(text(700)).min(1)),
    keywords: z.optional(z.array(text(100))),
  }),
  metadata: z.strictObject({
    threadId: z.string().min(1).max(255),
    summary: z.optional(text(250)),
    eventType: z.optional(z.string()),
    relatedResources: z.optional(z.array(z.string())),
    additionalContext: z.optional(z.record(z.string(), z.string())),
  }),
});
