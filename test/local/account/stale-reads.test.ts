import { describe, expect, it } from 'vitest';
import type { ApiRequest } from '../../../local/account/request.ts';
import { createStaleReads } from '../../../local/account/stale-reads.ts';
import { createClock } from '../../../local/clock.ts';

const answer = (text: string) => ({ status: 200, headers: {}, body: Buffer.from(text) });

function request(action: string, more: object = {}): ApiRequest {
  const input = { TargetGroupArn: 'web' };
  const caller = { function: 'CordonInstances', process: 1 };
  return { service: 'elasticloadbalancing', action, caller, input, ...more } as unknown as ApiRequest;
}

const read = request('DescribeTargetHealth');
const write = request('DeregisterTargets');

function readThenWrite(pauseMs = 0) {
  const clock = createClock(() => 0);
  const reads = createStaleReads(clock);
  reads.delay('elasticloadbalancing', 1000);
  reads.record(read, answer('healthy'));
  clock.skip(pauseMs);
  reads.record(write, answer(''));
  return { clock, find: (one: ApiRequest) => reads.find(one)?.body.toString() };
}

describe('a read after a write', () => {
  it('shows what was there before for a second', () => {
    const { clock, find } = readThenWrite();
    expect(find(read)).toBe('healthy');

    clock.skip(1000);

    expect(find(read)).toBeUndefined();
  });

  it('is fresh for the scenario itself, for other input, and if nobody has read right before the write', () => {
    const { find } = readThenWrite();

    expect(
      find(request('DescribeTargetHealth', { caller: { function: 'local', process: 0 } })),
    ).toBeUndefined();
    expect(find(request('DescribeTargetHealth', { input: { TargetGroupArn: 'shop' } }))).toBeUndefined();
    expect(readThenWrite(2000).find(read)).toBeUndefined();
  });

  it('is fresh in a service that nobody delays', () => {
    const reads = createStaleReads(createClock(() => 0));
    reads.record(read, answer('healthy'));
    reads.record(write, answer(''));

    expect(reads.find(read)).toBeUndefined();
  });
});
