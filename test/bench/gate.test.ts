import { describe, expect, it } from 'vitest';
import { groupCalls } from '../../bench/gate/gate.ts';
import { countPolling } from '../../bench/gate/polling.ts';
import { countByService } from '../../bench/gate/waiting-pipelines.ts';

describe('calls of waiting pipelines', () => {
  it('of a function that polls are one question and one answer, every 30 seconds for each pipeline', () => {
    expect([...countPolling(100, 60)]).toEqual([
      ['health', 12_000],
      ['codepipeline', 12_000],
    ]);
    expect([...countPolling(1, 1)]).toEqual([
      ['health', 2],
      ['codepipeline', 2],
    ]);
  });

  it('are counted by service', () => {
    const calls = ['health', 'ssm', 'health'].map((service) => ({ service }));

    expect([...countByService(calls)]).toEqual([
      ['health', 2],
      ['ssm', 1],
    ]);
  });

  it('to services without a column are in the column of the others, and in the sum', () => {
    const calls = new Map([
      ['health', 1],
      ['codepipeline', 2],
      ['dynamodb', 3],
      ['ssm', 4],
      ['sns', 5],
      ['sqs', 6],
    ]);

    expect(groupCalls(calls)).toEqual([1, 2, 3, 4, 11, 21]);
  });
});
