import { expect, it } from 'vitest';
import type { FallBackNotice } from '../../../../functions/spot-cordon/domain/fall-back-record.ts';
import type { MixedGroup } from '../../../../functions/spot-cordon/domain/mixed-group.ts';
import { fallBackMail } from '../../../../functions/spot-cordon/messages/fall-back-mail.ts';

const mail = (notice: Partial<FallBackNotice>, name = 'workers') =>
  fallBackMail({ name } as MixedGroup, { kind: 'fell back', at: 0, from: 2, to: 6, ...notice });

it('gives all notices of a group the same subject, so that they stay in one thread', () => {
  const kinds = ['fell back', 'step', 'returned', 'let go', 'failure'] as const;

  expect(new Set(kinds.map((kind) => mail({ kind }).subject))).toEqual(
    new Set(['Groundcrew: Spot capacity of workers']),
  );
});

it('says first what happened, with both bases', () => {
  expect(mail({}).text).toMatch(
    /^Group workers gets On-Demand .* OnDemandBaseCapacity is now 6 instead of 2\.\nYou need to do nothing\./,
  );
});

it.each([
  ['limit reached', /quota/],
  ['refused', /launch template/],
  ['no On-Demand capacity', /instance types or zones/],
] as const)('says what to do about %s', (failure, words) => {
  expect(mail({ kind: 'failure', failure }).text).toMatch(words);
});

it('has a subject that SNS accepts, whatever the name of the group', () => {
  const { subject } = mail({}, `wörkers ${'x'.repeat(255)}`);

  expect(subject).toMatch(/^[ -~]{1,100}$/);
});
