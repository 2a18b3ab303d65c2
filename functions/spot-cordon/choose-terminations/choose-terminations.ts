import type { Invocation } from '#shared/invocation.ts';
import { readCordoned, readWorkers, saveWait } from '../aws/dynamodb.ts';
import type { PolicyContext } from '../context.ts';
import { type BusyWait, currentWait, mayTakeBusy, waitToSave } from '../domain/busy-wait.ts';
import { type Chosen, chooseInstances } from '../domain/choose-instances.ts';
import { type CordonItem, toCordoned, toWorkers, waitKey } from '../domain/known-workers.ts';
import type { TerminationRequest } from '../domain/termination-request.ts';
import { NOBODY, type TerminationAnswer, toAnswer } from './answer.ts';
import { answerUnread } from './answer-unread.ts';
import { logChosen, logCordonsUnread, logWaitUnsaved } from './log.ts';

/** Cordons are a preference: the answer does not wait longer for them. */
const CORDONS_LIMIT_MS = 900;

/** Chooses by what workers and cordons say. Remembers since when the request has waited for idle instances. */
export async function chooseTerminations(
  request: TerminationRequest,
  context: PolicyContext,
): Promise<TerminationAnswer> {
  const { config, invocation, memory } = context;
  try {
    const { busySince, cordoned, wait: known } = await readGroup(request, context);
    delete memory.unreadSince;
    const wait = currentWait(known, request);
    const asked = { cause: request.cause, wait, busyWaitMs: config.busyWaitMs, now: invocation.now() };
    const workers = { busySince, cordoned };
    const choose = (may: boolean): Chosen => chooseInstances(request, workers, { mayTakeBusy: may });
    const chosen = choose(mayTakeBusy(asked));
    // Without the record, the next request would take another busy instance at once.
    const isSaved = await saveBefore(request, context, waitToSave(asked, chosen));
    const answered = isSaved ? chosen : choose(false);
    logChosen(context, request, { ...answered, workers });
    return toAnswer(request, answered.choices, config);
  } catch (error) {
    if (invocation.signal.aborted) return NOBODY; // the handler has answered
    return answerUnread(request, context, error);
  }
}

async function readGroup(request: TerminationRequest, { config, invocation }: PolicyContext) {
  const [items, cordoned] = await Promise.all([
    readWorkers({ table: config.workersTable, signal: invocation.signal }, request.group),
    readAllCordoned(config.cordonsTable, invocation),
  ]);
  const now = invocation.now();
  return {
    ...toWorkers(items, { cause: request.cause, now }),
    cordoned: toCordoned(cordoned, now),
  };
}

/** What has been read when the time is over or a call fails: without the rest, only the preference is lost. */
async function readAllCordoned(table: string, invocation: Invocation): Promise<readonly CordonItem[]> {
  const found: CordonItem[] = [];
  const signal = AbortSignal.any([invocation.signal, AbortSignal.timeout(CORDONS_LIMIT_MS)]);
  try {
    await readCordoned({ table, signal }, (items) => found.push(...items));
  } catch (error) {
    logCordonsUnread(invocation, error);
  }
  return found;
}

/** @returns false if it cannot be saved */
async function saveBefore(
  { cause, group }: TerminationRequest,
  { config, invocation }: PolicyContext,
  wait: BusyWait | undefined,
): Promise<boolean> {
  if (!wait || config.dryRun) return true;
  try {
    await saveWait(
      { table: config.workersTable, signal: invocation.signal },
      { group, key: waitKey(cause) },
      wait,
    );
    return true;
  } catch (error) {
    logWaitUnsaved(invocation, group, error);
    return false;
  }
}
