import * as z from 'zod/mini';
import { parseAs } from '#shared/parse.ts';
import { artifact } from '../domain/artifact.ts';
import { buildId, environment, folder } from '../domain/names.ts';
import type { Failure } from '../domain/refusal.ts';
import { goingBack, switching } from './action-parameters.ts';

// What the store is asked, by PromoteBuild, by RestoreBuild and by people, and what it answers.

/** How far a change has come, so that another invocation can go on from there. */
const progress = z.strictObject({
  phase: z.enum(['restore', 'verify', 'copy', 'verify-copy']),
  /** Files, in the order of their paths. */
  done: z.int().check(z.nonnegative()),
  /** Over the fingerprints of these files: what has changed since is read again. */
  digest: z.string(),
  /** The environment's latest change when this one was begun: another one meanwhile wins. */
  generation: z.int().check(z.nonnegative()),
});
export type Progress = Readonly<z.output<typeof progress>>;

const promote = z.strictObject({
  action: z.literal('promote'),
  ...switching,
  progress: z.optional(progress),
  artifact,
});
const rollback = z.strictObject({
  action: z.literal('rollback'),
  ...switching,
  progress: z.optional(progress),
  ...goingBack,
});

const request = z.discriminatedUnion('action', [
  promote,
  rollback,
  z.strictObject({ action: z.literal('history'), env: environment, copyTo: z.optional(folder) }),
  z.strictObject({ action: z.literal('verify'), env: environment, copyTo: z.optional(folder) }),
  z.strictObject({
    action: z.enum(['mark-bad', 'mark-good', 'pin', 'unpin']),
    buildId,
    reason: z.optional(z.string().check(z.maxLength(500))),
  }),
  z.strictObject({ action: z.literal('restore-begin'), buildId }),
  z.strictObject({
    action: z.literal('restore-started'),
    buildId,
    token: z.string(),
    jobId: z.string(),
    recoveryPoint: z.string(),
  }),
  z.strictObject({
    action: z.literal('restore-end'),
    buildId,
    jobId: z.string(),
    restored: z.boolean(),
    progress: z.optional(progress),
  }),
  z.strictObject({ action: z.literal('restore-give-up'), buildId }),
  z.strictObject({ action: z.literal('restores') }),
]);

export type Request = Readonly<z.output<typeof request>>;
export type RequestOf<A extends Request['action']> = Extract<Request, { readonly action: A }>;
export type SwitchRequest = RequestOf<'promote'> | RequestOf<'rollback'>;

/** @throws BadInput naming the field and the value it got */
export function readRequest(event: unknown): Request {
  return parseAs(request, event, 'request');
}

/** What a person or a pipeline learns of a change. */
export interface Switched {
  readonly outcome: 'switched' | 'unchanged' | 'planned';
  readonly env: string;
  readonly from: string | null;
  readonly to: string;
  /** Of the environment's history; 0 when there is none and none was made. */
  readonly generation: number;
  readonly files: number;
  readonly bytes: number;
  /** How the build was checked this time. */
  readonly verified: 'full' | 'fingerprint';
  readonly milliseconds: number;
  readonly switchedAt: string;
  /** From then on no host follows the old link any more. */
  readonly visibleBy: string;
  /** Releases that a rollback passed over, and why. */
  readonly skipped?: readonly string[];
}

export interface More {
  readonly outcome: 'more';
  readonly progress: Progress;
  readonly percent: number;
  readonly summary: string;
}

export interface RefusedReply {
  readonly outcome: 'refused';
  readonly failure: Failure;
  readonly reason: string;
}

/** A rollback that was asked to restore: nothing has moved yet. */
export interface Pruned {
  readonly outcome: 'pruned';
  readonly buildId: string;
  /** To be given with the request when the build is back. */
  readonly progress: Progress;
}

export type SwitchReply = Switched | More | Pruned | RefusedReply;
