/** A message that SQS must deliver again, and why. */
export interface RetriedMessage {
  readonly id: string;
  readonly error: unknown;
}

export function retryAll(messageIds: readonly string[] = [], error: unknown): RetriedMessage[] {
  return messageIds.map((id) => ({ id, error }));
}
