import { describe, expect, it } from 'vitest';
import type { Call } from '../local/account/types.ts';
import { createSweep } from './support/scenarios/sweep.ts';

interface Given {
  readonly function?: string;
  readonly process?: number;
  readonly action: string;
  readonly status?: number;
  readonly isFirst?: boolean;
}

const call = ({ action, ...more }: Given): Call => ({
  function: 'Cordon',
  process: 0,
  service: 'ec2',
  action,
  status: 200,
  iam: [],
  isFirst: false,
  arrivedAt: 0,
  ...more,
});

const begin = (action: string, more: Partial<Given> = {}): Call => call({ action, isFirst: true, ...more });
const faults = (sweep: ReturnType<typeof createSweep>, ...calls: readonly Call[]): string[] =>
  sweep(calls).map((fault) => `${fault.function} ${fault.call} ${fault.kind}`);

describe('a sweep', () => {
  it('fails and duplicates a read', () => {
    expect(faults(createSweep(), begin('DescribeInstances'))).toEqual([
      'Cordon 1 failed',
      'Cordon 1 duplicated',
    ]);
  });

  it('throttles, loses, kills and duplicates a write', () => {
    const found = faults(createSweep(), begin('DescribeTags'), call({ action: 'CreateTags' }));
    expect(found.filter((fault) => fault.startsWith('Cordon 2'))).toEqual([
      'Cordon 2 throttled',
      'Cordon 2 lost',
      'Cordon 2 killed',
      'Cordon 2 duplicated',
    ]);
  });

  it('does not duplicate the first call of an invocation that begins with a write', () => {
    const found = faults(createSweep(), begin('CreateTags'), begin('CreateTags'));
    expect(found.filter((fault) => fault.endsWith('duplicated'))).toEqual([]);
    expect(found).toHaveLength(6);
  });

  it('counts the calls of each function over all of its processes', () => {
    const found = faults(
      createSweep(),
      begin('DescribeTags'),
      begin('DescribeTags', { function: 'Uncordon' }),
      begin('DescribeImages', { process: 1 }),
    );
    expect(found.filter((fault) => fault.endsWith('failed'))).toEqual([
      'Cordon 1 failed',
      'Cordon 2 failed',
      'Uncordon 1 failed',
    ]);
  });

  it('leaves out a call that an earlier scenario reaches by the same calls', () => {
    const sweep = createSweep();
    const first = [begin('DescribeInstances'), call({ action: 'CreateTags' })];
    expect(faults(sweep, ...first)).toHaveLength(6);
    expect(faults(sweep, ...first, begin('DescribeImages'))).toEqual([
      'Cordon 3 failed',
      'Cordon 3 duplicated',
    ]);
  });

  it('goes on where an invocation leaves the way of an earlier one', () => {
    const sweep = createSweep();
    sweep([begin('DescribeTags'), call({ action: 'DescribeHosts' })]);
    const found = faults(sweep, begin('DescribeTags'), call({ action: 'DescribeImages' }));
    expect(found).toEqual(['Cordon 2 failed', 'Cordon 2 duplicated']);
  });

  it('does not leave out the same invocation within a scenario', () => {
    expect(faults(createSweep(), begin('DescribeTags'), begin('DescribeTags'))).toHaveLength(4);
  });

  it.each<[string, Call, Call]>([
    ['the call has another status', begin('DescribeTags'), call({ action: 'DescribeHosts', status: 400 })],
    [
      'a call before had another status',
      begin('DescribeTags', { status: 400 }),
      call({ action: 'DescribeHosts' }),
    ],
    ['a call before was another', begin('DescribeImages'), call({ action: 'DescribeHosts' })],
    ['the call is another', begin('DescribeTags'), call({ action: 'DescribeVpcs' })],
  ])('does not leave out a call if %s', (_, ...other) => {
    const sweep = createSweep();
    sweep([begin('DescribeTags'), call({ action: 'DescribeHosts' })]);
    expect(faults(sweep, ...other)).toContain('Cordon 2 failed');
  });

  it('does not leave out the same call of another function', () => {
    const sweep = createSweep();
    sweep([begin('DescribeTags')]);
    expect(sweep([begin('DescribeTags', { function: 'Uncordon' })])).toHaveLength(2);
  });

  it('leaves out nothing if all faults are wanted', () => {
    const sweep = createSweep({ all: true });
    expect(sweep([begin('DescribeTags')])).toEqual(sweep([begin('DescribeTags')]));
  });
});
