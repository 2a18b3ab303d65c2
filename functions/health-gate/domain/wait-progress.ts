import * as z from 'zod/mini';

/** State of a waiting action. CodePipeline gives each of its jobs a new id and passes on only this token. */
export interface WaitProgress {
  /** Time of the first check; epoch milliseconds. */
  readonly since: number;
  readonly checks: number;
  /** Failed checks in a row before this one. */
  readonly errors: number;
}

const token = z.object({
  v: z.literal(1),
  since: z.number(),
  checks: z.int().check(z.gte(0)),
  errors: z.int().check(z.gte(0)),
});

/** An unknown token starts the wait again; CodePipeline ends every wait after 24 hours. */
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
