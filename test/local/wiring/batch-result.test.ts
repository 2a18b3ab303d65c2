import { describe, expect, it } from 'vitest';
import { messagesToDelete } from '../../../local/wiring/batch-result.ts';

const messages = ['a', 'b', 'c'].map((MessageId) => ({ MessageId }));

function deleted(payload: string, reportsFailures = true): string {
  return messagesToDelete(messages, { ok: true, requestId: '1', payload }, reportsFailures)
    .map(({ MessageId }) => MessageId)
    .join('');
}

describe('after a batch that reports failures, Lambda deletes', () => {
  it.each<[string, string, string]>([
    ['all when the list is empty', '{"batchItemFailures":[]}', 'abc'],
    ['all when the list is null', '{"batchItemFailures":null}', 'abc'],
    ['all when there is no list', '{}', 'abc'],
    ['all when the answer is null', 'null', 'abc'],
    ['all when there is no answer', '', 'abc'],
    ['what is not reported', '{"batchItemFailures":[{"itemIdentifier":"b"}]}', 'ac'],
    [
      'what is not reported twice',
      '{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]}',
      'ac',
    ],
    [
      'nothing when all are reported',
      '{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b"},{"itemIdentifier":"c"}]}',
      '',
    ],
    ['nothing when an id is empty', '{"batchItemFailures":[{"itemIdentifier":""}]}', ''],
    ['nothing when an id is null', '{"batchItemFailures":[{"itemIdentifier":null}]}', ''],
    ['nothing when the key is misspelt', '{"batchItemFailures":[{"itemIdentifer":"b"}]}', ''],
    ['nothing when an id is of no message', '{"batchItemFailures":[{"itemIdentifier":"z"}]}', ''],
    ['nothing when the list is none', '{"batchItemFailures":"b"}', ''],
    ['nothing when the answer is a text', '"done"', ''],
    ['nothing when the answer is no JSON', '{', ''],
  ])('%s', (_, payload, expected) => {
    expect(deleted(payload)).toBe(expected);
  });
});

describe('after a batch of a function that does not report failures, Lambda deletes', () => {
  it('everything, whatever the answer says', () => {
    expect(deleted('{"batchItemFailures":[{"itemIdentifier":"b"}]}', false)).toBe('abc');
  });

  it('nothing when the function failed', () => {
    const error = { errorType: 'Error', errorMessage: 'no' };
    expect(messagesToDelete(messages, { ok: false, requestId: '1', error }, false)).toEqual([]);
    expect(messagesToDelete(messages, { ok: false, requestId: '1', error }, true)).toEqual([]);
  });
});
