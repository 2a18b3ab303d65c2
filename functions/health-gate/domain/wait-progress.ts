import * as z from 'zod/mini';

/** What one job of a waiting action leaves for the next: CodePipeline gives each a new id and only this text. */
export interface WaitProgress {
  /** When the action's first job was checked; epoch milliseconds. */
  readonly since: number;
  readonly checks: number;
  /** How many checks in a row found AWS Health unreadable, this one not counted. */
  readonly errors: number;
}

const token = z.object({
  v: z.literal(1),
  since: z.number(),
  checks: z.int().check(z.gte(0)),
  errors: z.int().check(z.gte(0)),
});

/** A token that this version cannot read begins the wait anew; CodePipeline itself ends it after 24 hours. */
export function parseProgress(text: string | undefined, now: number): WaitProgress {
  const parsed = z.safeParse(token, tryParse(text));
  if (!parsed.success || parsed.data.since > now) return { since: now, checks: 0, errors: 0 };
  const { v: _, ...progress } = parsed.data;
  return progress;
}

export function formatProgress(progress: WaitProgress): string {
  return JSON.stringify({ v: 1, ...progress });
}

function tryParse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
