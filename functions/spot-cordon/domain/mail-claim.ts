import { type CordonDraft, type CordonRecord, type FollowUp, withOutcomes } from './cordon-record.ts';

export type MailKind = 'cordoned' | FollowUp;

/** Which cordons people want mails about. */
export type MailChoice = 'interruption' | 'all' | 'none';

/** @returns undefined if this mail was claimed before, or nobody wants it */
export function withMailClaim(
  known: CordonRecord | undefined,
  kind: MailKind,
  choice: MailChoice,
): CordonDraft | undefined {
  if (!known || (choice === 'interruption' && known.severity !== 'interruption')) return undefined;
  if (kind === 'cordoned') {
    const isPending = known.status === 'cordoned' && known.steps.notify === undefined;
    return isPending ? withOutcomes(known, { notify: 'claimed' }) : undefined;
  }
  const { mailed = [] } = known;
  return mailed.includes(kind) ? undefined : { ...known, mailed: [...mailed, kind] };
}

/** SNS refused the mail, so it may be sent again. @returns undefined if there is no claim */
export function withoutMailClaim(known: CordonRecord | undefined, kind: MailKind): CordonDraft | undefined {
  if (kind === 'cordoned') return known && withoutNotify(known);
  const { mailed = [] } = known ?? {};
  return known && mailed.includes(kind)
    ? { ...known, mailed: mailed.filter((one) => one !== kind) }
    : undefined;
}

function withoutNotify(known: CordonRecord): CordonDraft | undefined {
  if (known.steps.notify !== 'claimed') return undefined;
  const { notify: _notify, ...otherSteps } = known.steps;
  return { ...known, steps: otherSteps };
}
