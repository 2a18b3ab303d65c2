/** A word of the first version that only this project used, and the field's word for it. */
export interface PrivateWord {
  readonly word: string;
  readonly instead: string;
  /** Where the word is right: as a name (a pattern), and in which files. */
  readonly allowed?: readonly Exception[];
}

interface Exception {
  readonly paths: RegExp;
  readonly names?: RegExp;
  readonly reason: string;
}

const HOLD_EXCEPTIONS: readonly Exception[] = [
  {
    paths: /health-gate|scenario-kit\/pipelines/,
    reason: 'a held deployment has a HoldRecord; the README defines the word',
  },
  {
    paths: /spot-cordon/,
    names: /rebalance_?hold|^holdMs$/i,
    reason: 'the public parameter RebalanceHoldMinutes',
  },
  {
    paths: /spot-cordon/,
    names: /hold[_-]?(back|drains)|^endHolds$|^hold$/i,
    reason: 'a drain that waits for healthy targets is held (the metric DrainHeld)',
  },
];

/** Not allowed as a part of an identifier or of a file name: `openDoor`, `door.ts`, `FATES`. */
export const PRIVATE_WORDS: readonly PrivateWord[] = [
  { word: 'absorb', instead: 'merge' },
  { word: 'amend', instead: 'update' },
  { word: 'apart', instead: 'isolated' },
  { word: 'ballot', instead: 'transitions' },
  { word: 'barred', instead: 'not allowed to approve' },
  { word: 'cast', instead: 'vote' },
  { word: 'danger', instead: 'disruption' },
  { word: 'desk', instead: 'gateway state' },
  { word: 'door', instead: 'handler' },
  { word: 'fate', instead: 'decision' },
  { word: 'finishing', instead: 'a verb: record, notify' },
  { word: 'heard', instead: 'last metric' },
  { word: 'heed', instead: 'apply' },
  { word: 'hold', instead: 'keep, block or suppress', allowed: HOLD_EXCEPTIONS },
  {
    word: 'holds',
    instead: 'is true',
    allowed: HOLD_EXCEPTIONS,
  },
  { word: 'hopeless', instead: 'has failed too long' },
  { word: 'intake', instead: 'batch' },
  { word: 'journal', instead: 'history' },
  { word: 'lane', instead: 'queue' },
  { word: 'leaving', instead: 'shutdown' },
  {
    word: 'letter',
    instead: 'mail',
    allowed: [{ paths: /./, names: /dead_?letter/i, reason: 'a dead-letter queue' }],
  },
  {
    word: 'notice',
    instead: 'event or notification',
    allowed: [
      { paths: /spot-cordon/, reason: "AWS's two-minute notice" },
      { paths: /./, names: /warning_?notice/i, reason: "a part of an alarm's public name" },
    ],
  },
  { word: 'occasion', instead: 'event' },
  { word: 'opening', instead: 'a verb: create, record' },
  { word: 'outlook', instead: 'evaluation' },
  { word: 'owed', instead: 'pending' },
  { word: 'owing', instead: 'pending' },
  { word: 'pace', instead: 'rate limiter' },
  { word: 'quiet', instead: 'suppressed' },
  { word: 'rehearse', instead: 'dry run' },
  { word: 'releasing', instead: 'undo' },
  { word: 'ring', instead: 'go off' },
  { word: 'rings', instead: 'goes off' },
  { word: 'rubbish', instead: 'invalid' },
  {
    word: 'settle',
    instead: 'save',
    allowed: [{ paths: /^local\//, reason: 'waits for everything that is pending, as Promise.allSettled' }],
  },
  { word: 'settling', instead: 'save' },
  { word: 'shelf', instead: 'builds' },
  { word: 'sighting', instead: 'presence' },
  { word: 'standing', instead: 'status' },
  { word: 'stoppage', instead: 'stop' },
  { word: 'stranger', instead: 'unrelated' },
  { word: 'survey', instead: 'inventory' },
  { word: 'taking', instead: 'a verb: remove' },
  { word: 'tell', instead: 'notify' },
  { word: 'told', instead: 'notified' },
  { word: 'trouble', instead: 'error' },
  { word: 'twin', instead: 'copy' },
  { word: 'unheard', instead: 'has no metrics' },
  { word: 'uninvited', instead: 'to invite' },
  { word: 'unwritten', instead: 'conflict' },
  { word: 'wish', instead: 'desired state' },
  { word: 'wished', instead: 'desired' },
];

/** Not allowed as the whole name of a type: they say nothing, or meant different things in different wings. */
export const PRIVATE_TYPES: readonly PrivateWord[] = [
  { word: 'Acted', instead: 'ExecutionResult' },
  { word: 'Answered', instead: 'HealthResponse' },
  { word: 'Ask', instead: 'GateParameters' },
  { word: 'Attention', instead: 'ReviewOptions' },
  { word: 'Case', instead: 'WorkItem' },
  { word: 'Decided', instead: 'GateDecision' },
  { word: 'Facts', instead: 'Inventory' },
  { word: 'Finding', instead: 'FileDifference, HoldEvaluation' },
  { word: 'Frame', instead: 'Context or Options' },
  { word: 'Ending', instead: 'what ended' },
  { word: 'Knowledge', instead: 'Context' },
  { word: 'Look', instead: 'Snapshot' },
  { word: 'Met', instead: 'FoundFile' },
  { word: 'Mutation', instead: 'RecordUpdate' },
  { word: 'Note', instead: 'AlarmMetadata' },
  { word: 'Place', instead: 'what it is the place of' },
  { word: 'Reading', instead: 'HealthReading, FileReading, MetricReading' },
  { word: 'Refused', instead: 'RefusalError' },
  { word: 'Scene', instead: 'Context' },
  { word: 'Seen', instead: 'EventInfo' },
  { word: 'Subject', instead: 'ApprovalSubject' },
  { word: 'Thrown', instead: 'TrashEntry' },
  { word: 'Tools', instead: 'Invocation' },
  { word: 'Turn', instead: 'ResumeAttempt' },
  { word: 'Work', instead: 'Context' },
];

export interface Phrase {
  readonly pattern: RegExp;
  readonly instead: string;
}

/** Not allowed in documents, comments, descriptions and texts. */
export const PHRASES: readonly Phrase[] = [
  { pattern: /\bparted by\b/i, instead: 'separated' },
  { pattern: /\bbut for\b/i, instead: 'except' },
  { pattern: /\banew\b/i, instead: 'again' },
  { pattern: /\brubbish\b/i, instead: 'invalid' },
  { pattern: /\b(he|his|him)\b/i, instead: 'they, or the role: the approver' },
  { pattern: /\ball the same\b/i, instead: 'anyway' },
  { pattern: /\bfor ever\b(?!y)/i, instead: 'permanently' },
  { pattern: /\bnone of (his|its|theirs)\b/i, instead: 'a sentence with not' },
  { pattern: /\blest\b/i, instead: 'so that ... not' },
  { pattern: /\bthere(of|in|with)\b/i, instead: 'the noun again' },
  { pattern: /\bcomes? again\b/i, instead: 'is delivered again' },
  { pattern: /\bmeanwhile\b/i, instead: 'in the meantime' },
  { pattern: /\bbeside\b/i, instead: 'next to' },
  { pattern: /\bwhoever\b/i, instead: 'the person who, or everyone who' },
  { pattern: /\b(told|tells) of\b/i, instead: 'reports' },
  { pattern: /\b(mend|mends|mended)\b/i, instead: 'fix' },
  { pattern: /\bwhose silence\b/i, instead: 'a sentence with not' },
  { pattern: /\bturned down\b/i, instead: 'rejected' },
  { pattern: /\brings?\b/i, instead: 'goes into alarm, or notifies' },
  { pattern: /\b(dangers?|endangered)\b/i, instead: 'disruption' },
  {
    pattern:
      /\b(tells?|telling|told) (people|somebody|anybody|nobody|everybody|on-call|chat|pagers|owners|its owners|approvers|schedulers|(the|an|its) (alarm's )?topics?)\b/i,
    instead: 'notifies',
  },
  { pattern: /\b(be|been|is|are|was|were|not) told\b(?! (apart|from|so)\b)/i, instead: 'notified' },
  { pattern: /\bwish(es|ed)?\b/i, instead: 'desired state, or wants' },
];
