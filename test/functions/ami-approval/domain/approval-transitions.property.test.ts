import { expect, it } from 'vitest';
import {
  type ApprovalRecord,
  approvalsOf,
  votesOf,
} from '../../../../functions/ami-approval/domain/approval-record.ts';
import {
  type ApprovalSubject,
  fingerprintOf,
} from '../../../../functions/ami-approval/domain/approval-subject.ts';
import {
  applyOutcome,
  applyVote,
  claimRequest,
  createRequest,
  nextAction,
  openNextRound,
  type Reopening,
  type RoundInput,
  releaseClaim,
} from '../../../../functions/ami-approval/domain/approval-transitions.ts';
import type { Draft } from '../../../../functions/ami-approval/domain/record-key.ts';

// Requests, votes, expiries, duplicates and crashes in random order, against an account that records every share.
// Each function is a generator: between two yields another one may run, or the function may crash.

const SEQUENCES = 10_000;
const STEPS = 60;
const LEASE_MS = 55_000;
const PEOPLE = ['ann', 'ben', 'cem'];

type Thread = Generator<void, void, void>;

/** Random numbers between 0 and 1, the same for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class Account {
  readonly random: () => number;
  readonly required: number;
  now = 1_000_000;
  revision = 0;
  record: ApprovalRecord | undefined;
  /** The current AMIs and share targets, which may change. */
  amis = ['ami-1', 'ami-2'];
  targets = ['111111111111'];
  /** Pairs `ami to target`: the shared ones, and the ones that a quorum approved. */
  readonly given = new Set<string>();
  readonly approved = new Set<string>();
  /** Rounds that reached their quorum. */
  readonly quorums = new Set<number>();
  threads: Thread[] = [];

  constructor(seed: number) {
    this.random = random(seed);
    this.required = 1 + Math.floor(this.random() * PEOPLE.length);
  }

  write(expected: ApprovalRecord | undefined, draft: Draft<ApprovalRecord>): boolean {
    if (this.record?.revision !== expected?.revision) return false;
    this.record = { ...draft, revision: String(++this.revision) };
    this.check();
    return true;
  }

  /** Finds reached quorums from the votes alone, not from the status under test. */
  check(): void {
    const { record } = this;
    if (!record || this.quorums.has(record.round)) return;
    const votes = votesOf(record);
    if (votes.some(({ what }) => what === 'reject')) return;
    if (new Set(approvalsOf(record)).size < record.required) return;
    this.quorums.add(record.round);
    for (const pair of pairsOf(record.subject)) this.approved.add(pair);
  }

  give(subject: ApprovalSubject): void {
    for (const pair of pairsOf(subject)) {
      this.given.add(pair);
      if (!this.approved.has(pair)) throw new Error(`${pair} was shared without its quorum`);
    }
  }

  start(thread: Thread): void {
    this.threads.push(thread);
  }

  pass(ms: number): void {
    this.now += ms;
  }

  aim(targets: string[]): void {
    this.targets = targets;
  }

  make(amis: string[]): void {
    this.amis = amis;
  }

  kill(isHit: () => boolean): void {
    this.threads = this.threads.filter(() => !isHit());
  }
}

function pairsOf({ amis, targets }: ApprovalSubject): string[] {
  return amis.flatMap(({ id }) => targets.accounts.map((account) => `${id} to ${account}`));
}

function subjectNow({ amis, targets }: Account): ApprovalSubject {
  return {
    imageArn: 'arn',
    name: 'web',
    version: '1.0.0/1',
    amis: amis.map((id) => ({ region: 'eu-west-1', id, name: '' })),
    foreignAmis: [],
    targets: { accounts: [...targets].sort(), organizations: [], organizationalUnits: [], copying: [] },
    recipients: [],
    alreadyShared: [],
    code: '123456',
    details: [],
    initiator: 'cem',
  };
}

function askingNow(account: Account): RoundInput {
  const subject = subjectNow(account);
  const approvers = PEOPLE.map((address) => ({ address, tokenHash: address }));
  const expiresAt = account.now + 3_600_000;
  return { subject, fingerprint: fingerprintOf(subject), required: account.required, approvers, expiresAt };
}

/** RequestApproval */
function* request(account: Account, after?: number, reopening?: Reopening): Thread {
  const known = account.record;
  yield;
  const asking = askingNow(account);
  yield;
  if (!known && after === undefined)
    account.write(known, createRequest({ image: 'i', part: 'share' }, asking, account.now));
  if (!known || after === undefined) return;
  const next = openNextRound(known, after, { ...asking, ...(reopening && { reopening }) }, account.now);
  if (next) account.write(known, next);
}

/** DecideApproval */
function* decide(account: Account, who: string, decision: 'approve' | 'reject', round: number): Thread {
  for (let attempt = 0; attempt < 3; attempt++) {
    const known = account.record;
    yield;
    if (!known || known.round !== round) return;
    const cast = { who, decision, sourceIp: '', userAgent: '' };
    const { record } = applyVote(known, cast, account.now);
    if (!record || account.write(known, record)) break;
  }
  yield;
  if (account.record && nextAction(account.record, account.now) === 'act') account.start(execute(account));
}

/** ExecuteApproval. Some of its calls fail and can be retried. */
function* execute(account: Account): Thread {
  const known = account.record;
  yield;
  const draft = known && claimRequest(known, LEASE_MS, account.now);
  if (known && nextAction(known, account.now) === 'ask') account.start(request(account, known.round));
  if (!draft || !account.write(known, draft)) return;
  const record = account.record;
  if (!record) return;
  yield;
  if (record.status !== 'approved') {
    account.write(
      record,
      applyOutcome(record, { status: record.status === 'expired' ? 'expired' : 'rejected' }, account.now),
    );
    return;
  }
  if (fingerprintOf(subjectNow(account)) !== record.fingerprint) {
    yield;
    if (account.write(record, applyOutcome(record, { status: 'outdated' }, account.now))) {
      account.start(request(account, record.round));
    }
    return;
  }
  const shares: Record<string, { region: string; result: 'shared'; remarks: string[] }> = {};
  for (const ami of record.subject.amis) {
    yield;
    if (account.random() < 0.1) {
      account.write(record, releaseClaim(record, shares));
      return;
    }
    account.give({ ...record.subject, amis: [ami] });
    shares[ami.id] = { region: ami.region, result: 'shared', remarks: [] };
  }
  yield;
  account.write(record, applyOutcome(record, { status: 'shared', shares }, account.now));
}

/** SweepApprovals */
function* sweep(account: Account): Thread {
  const known = account.record;
  yield;
  const next = known && nextAction(known, account.now);
  if (next === 'act') account.start(execute(account));
  if (next === 'ask') account.start(request(account, known?.round));
}

const REOPENING: Reopening = { who: 'dan', why: 'the cause is fixed' };

/** The possible actions and their weights. */
const actions: readonly (readonly [weight: number, run: (account: Account) => void])[] = [
  [10, (account) => account.start(request(account))],
  [25, (account) => account.start(decide(account, randomApprover(account), 'approve', randomRound(account)))],
  [4, (account) => account.start(decide(account, randomApprover(account), 'reject', randomRound(account)))],
  [5, (account) => account.start(execute(account))],
  [6, (account) => account.start(sweep(account))],
  [2, (account) => account.start(request(account, randomRound(account)))],
  [2, (account) => account.start(request(account, randomRound(account), REOPENING))],
  [3, (account) => account.pass(account.random() * 4_000_000)],
  [4, (account) => account.pass(LEASE_MS)],
  [2, (account) => account.aim(account.random() < 0.5 ? ['111111111111', '222222222222'] : ['111111111111'])],
  [1, (account) => account.make(account.random() < 0.5 ? ['ami-1', 'ami-2', 'ami-3'] : ['ami-1', 'ami-2'])],
  [4, (account) => account.kill(() => account.random() < 0.5)],
  [34, step],
];
const weights = actions.reduce((sum, [weight]) => sum + weight, 0);

function doRandomAction(account: Account): void {
  let left = account.random() * weights;
  const action = actions.find(([weight]) => {
    left -= weight;
    return left < 0;
  });
  action?.[1](account);
}

function randomApprover(account: Account): string {
  return PEOPLE[Math.floor(account.random() * PEOPLE.length)] ?? 'ann';
}

/** Mostly the current round, because links and events of the previous one still exist. */
function randomRound(account: Account): number {
  return Math.max(1, (account.record?.round ?? 1) - (account.random() < 0.1 ? 1 : 0));
}

function step(account: Account): void {
  const at = Math.floor(account.random() * account.threads.length);
  const thread = account.threads[at];
  if (thread?.next().done) account.threads.splice(account.threads.indexOf(thread), 1);
}

/** Nothing fails or changes from here on. The sweep runs until nothing is left to do. */
function finishAll(account: Account): void {
  Object.assign(account, { random: () => 0.999 });
  for (let round = 0; round < 12; round++) {
    account.now += LEASE_MS + 1;
    account.start(sweep(account));
    while (account.threads.length > 0) step(account);
  }
}

function runSequence(seed: number): Account {
  const account = new Account(seed);
  for (let i = 0; i < STEPS; i++) doRandomAction(account);
  return account;
}

/** @returns what is wrong at the end of a sequence */
function judge(account: Account, before: ApprovalRecord | undefined, isAbandoned: boolean): string[] {
  const { record } = account;
  const stray = [...account.given].filter((pair) => !account.approved.has(pair));
  const isStuck =
    record && record.status !== 'pending' && record.open !== undefined && record.status !== 'outdated';
  return [
    ...stray.map((pair) => `${pair} was shared without its quorum`),
    ...(isStuck ? [`it is stuck in ${record.status}`] : []),
    ...(record?.status === 'shared' ? judgeShared(account, record) : []),
    ...(before?.status === 'approved' ? judgeApproved(account, before, isAbandoned) : []),
  ];
}

function judgeShared(account: Account, record: ApprovalRecord): string[] {
  const missing = pairsOf(record.subject).filter((pair) => !account.given.has(pair));
  return [
    ...(account.quorums.has(record.round) ? [] : ['it is shared without a quorum']),
    ...missing.map((pair) => `${pair} is missing`),
  ];
}

/** An approved and unchanged request must be shared. A changed one must have a new round. */
function judgeApproved(account: Account, before: ApprovalRecord, isAbandoned: boolean): string[] {
  const { record } = account;
  const isSame = before.fingerprint === fingerprintOf(subjectNow(account));
  const isShared = record?.status === 'shared';
  const isAskedAgain = record?.status === 'pending' && record.round > before.round;
  // A function that continues may have read the build before it changed.
  const isRight = isAbandoned ? (isSame ? isShared : isAskedAgain) : isShared || isAskedAgain;
  return isRight ? [] : [`approved and ${isSame ? 'unchanged' : 'changed'}, it became ${record?.status}`];
}

it('every approved request is shared, and nothing is shared without its quorum or with anyone else', () => {
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= SEQUENCES; seed++) {
    const account = runSequence(seed);
    const before = account.record;
    // All running functions either crash or continue.
    const isAbandoned = seed % 2 === 0;
    if (isAbandoned) account.kill(() => true);
    finishAll(account);
    expect(judge(account, before, isAbandoned), `sequence ${seed}`).toEqual([]);
    const end = account.record?.status ?? 'none';
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  // Every final status occurs often enough to be tested.
  for (const end of ['shared', 'rejected', 'expired', 'pending'])
    expect(ends.get(end), end).toBeGreaterThan(300);
});
