import { ConfigurationError } from '#shared/errors.ts';
import { addCount } from '#shared/metrics.ts';
import { readShelf, type Shelf, updateItem } from '../aws/approvals-table.ts';
import { getImage, getStep, type Step } from '../aws/imagebuilder.ts';
import { type Approval, keyOf } from '../domain/approval-record.ts';
import {
  type Built,
  describeSubject,
  fingerprintOf,
  hasTargets,
  quorumOf,
  type Subject,
  whatChanged,
} from '../domain/approval-subject.ts';
import { type Asking, ask, askAgain, isOver } from '../domain/approval-transitions.ts';
import { expiryOf } from '../domain/workflow-step.ts';
import { invite, type RequestRun, tokensFor, uninvited, withTokens } from './invite-approvers.ts';

/** What is to be asked about: a build, or a step of its workflow that waits. */
export interface Question {
  readonly imageArn: string;
  readonly stepExecutionId?: string;
  /** The round that is over, for asking again. */
  readonly after?: number;
}

/** Opens a request, or its next round, and mails each approver; finishes what an earlier delivery left undone. */
export async function askAbout(run: RequestRun, question: Question): Promise<string> {
  const { imageArn, stepExecutionId } = question;
  const { image, part } = keyOf(imageArn, stepExecutionId);
  const shelf = await readShelf(run.use, image);
  const known = shelf.approvals.find((one) => one.part === part);
  if (known && isUnfinished(known)) return finishInviting(run, known, shelf);
  const settled = whySettled(question, known, shelf);
  if (settled) return leave(run, question, settled);
  const { signal } = run.invocation;
  const built = await getImage(imageArn, signal);
  const step = stepExecutionId === undefined ? undefined : await getStep(stepExecutionId, signal);
  const gate = step && stepExecutionId !== undefined ? { stepExecutionId, name: step.name } : undefined;
  const subject = describeSubject(built, run.config, gate);
  const unfit = whyUnfit(built, subject, step);
  if (unfit) return leave(run, question, unfit);
  return open(run, { question, shelf, known, asking: asking(run, { built, subject, step, known }) });
}

/** Whatever brought us here, somebody is still to be invited. */
function isUnfinished(known: Approval): boolean {
  return known.status === 'pending' && uninvited(known).length > 0;
}

/** Why there is nothing to ask, as far as the table knows. */
function whySettled(
  { stepExecutionId, after }: Question,
  known: Approval | undefined,
  { approvals }: Shelf,
): string | undefined {
  if (after !== undefined) {
    if (!known) return 'there is no request to ask again';
    return known.round === after && isOver(known)
      ? undefined
      : `it is ${known.status} in round ${known.round}`;
  }
  if (known) return `asked already, and ${known.status}`;
  // One request a build: who let its workflow go on has decided about what comes of it.
  const isByWorkflow = stepExecutionId === undefined && approvals.length > 0;
  return isByWorkflow ? 'its workflow asked already' : undefined;
}

/** Those of a step that waits are not among them, whichever AWS may call it. */
const overStatuses = ['CANCELLED', 'COMPLETED', 'FAILED', 'SKIPPED'];

/** Why there is nothing to ask, as far as Image Builder knows. */
function whyUnfit({ type, status }: Built, subject: Subject, step: Step | undefined): string | undefined {
  if (type !== 'AMI') return `it is no AMI but ${type}`;
  if (step)
    return overStatuses.includes(step.status) ? `its step is ${step.status} and does not wait` : undefined;
  if (status !== 'AVAILABLE') return `it is ${status}`;
  if (subject.amis.length === 0) return 'it has no AMI in this account';
  return hasTargets(subject) ? undefined : 'there is nobody to share it with';
}

interface About {
  readonly built: Built;
  readonly subject: Subject;
  readonly step: Step | undefined;
  readonly known: Approval | undefined;
}

function asking({ config, invocation }: RequestRun, { built, subject, step, known }: About): Asking {
  const quorum = quorumOf(built, config);
  if ('why' in quorum) throw new ConfigurationError(`${built.arn} can never be approved: ${quorum.why}`);
  const fingerprint = fingerprintOf(subject);
  const isChanged = known !== undefined && known.fingerprint !== fingerprint;
  return {
    subject,
    fingerprint,
    required: quorum.required,
    approvers: config.approvers.map((address) => ({ address })),
    expiresAt: expiryOf(invocation.now(), config.expiryMs, step?.endsAt),
    ...(isChanged && { why: whatChanged(known.subject, subject) }),
  };
}

interface Opening {
  readonly question: Question;
  readonly shelf: Shelf;
  readonly known: Approval | undefined;
  readonly asking: Asking;
}

async function open(run: RequestRun, { question, shelf, known, asking }: Opening): Promise<string> {
  const { config, invocation, use } = run;
  const { imageArn, stepExecutionId, after } = question;
  const key = keyOf(imageArn, stepExecutionId);
  if (config.dryRun) return leave(run, question, `dry run: would ask ${config.approvers.join(', ')}`);
  const tokens = tokensFor(config.approvers);
  const { record, wrote } = await updateItem<Approval>(
    use,
    key,
    (now) => {
      const draft = now
        ? askAgain(now, after ?? 0, asking, invocation.now())
        : ask(key, asking, invocation.now());
      return draft && withTokens(draft, tokens);
    },
    { known },
  );
  if (!wrote || !record) return leave(run, question, 'asked already');
  await invite(run, record, tokens, shelf.findings);
  invocation.logger.info('approval asked for', {
    imageArn,
    part: record.part,
    round: record.round,
    required: record.required,
    approvers: record.approvers.length,
    expiresAt: new Date(record.expiresAt).toISOString(),
  });
  addCount(invocation.metrics, 'Asked');
  return 'asked';
}

/** SNS had refused some mails: those, with new links. */
async function finishInviting(run: RequestRun, known: Approval, { findings }: Shelf): Promise<string> {
  const tokens = tokensFor(uninvited(known));
  const { record, wrote } = await updateItem<Approval>(
    run.use,
    known,
    (now) => (now?.revision === known.revision ? withTokens(now, tokens) : undefined),
    { known },
  );
  const { imageArn } = known.subject;
  if (!wrote || !record) return leave(run, { imageArn }, 'somebody else is inviting');
  await invite(run, record, tokens, findings);
  run.invocation.logger.info('invited who was still to be', {
    imageArn,
    part: known.part,
    approvers: tokens.size,
  });
  return 'invited';
}

function leave({ invocation }: RequestRun, { imageArn, stepExecutionId }: Question, why: string): string {
  invocation.logger.info(`nothing asked: ${why}`, {
    imageArn,
    ...(stepExecutionId !== undefined && { stepExecutionId }),
  });
  addCount(invocation.metrics, 'NotAsked');
  return why;
}
