import { describe, expect, test } from 'vitest';
import { accessKeyFor, callerOf } from '../../../local/account/caller.ts';

describe('a caller', () => {
  test.each([
    ['CordonInstances', 0],
    ['A1', 12],
  ])('%s, process %i, is parsed from its access key', (id, process) => {
    expect(callerOf(accessKeyFor(id, process))).toEqual({ function: id, process });
  });

  test.each(['AKIAIOSFODNN7EXAMPLE', '', 'GROUNDCREW_A_', 'GROUNDCREW__1'])('"%s" is local', (key) => {
    expect(callerOf(key)).toEqual({ function: 'local', process: 0 });
  });

  test('with another key is the caller that holds the key', () => {
    const holder = { function: 'A', process: 3 };
    const holderOf = (key: string) => (key === 'ASIAEXAMPLE' ? holder : undefined);
    expect(callerOf('ASIAEXAMPLE', holderOf)).toEqual(holder);
    expect(callerOf(accessKeyFor('B', 1), () => holder)).toEqual({ function: 'B', process: 1 });
    expect(callerOf('AKIAEXAMPLE', holderOf)).toEqual({ function: 'local', process: 0 });
  });

  test('must have a logical id', () => {
    expect(() => accessKeyFor('a/b')).toThrow('"a/b" is not a logical id');
  });
});
