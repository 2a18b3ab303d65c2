import { describe, expect, it } from 'vitest';
import { compileFilterPolicy } from '../../../local/wiring/filter-policy.ts';

describe("a subscription's filter policy", () => {
  const notice = {
    message: '{"level":"high","tags":["a"]}',
    attributes: {
      kind: { DataType: 'String', StringValue: 'loud' },
      size: { DataType: 'Number', StringValue: '4' },
      names: { DataType: 'String.Array', StringValue: '["x","y"]' },
    },
  };

  it.each<[object | undefined, string | undefined, boolean]>([
    [undefined, undefined, true],
    [{ kind: ['loud'] }, undefined, true],
    [{ kind: ['quiet'] }, 'MessageAttributes', false],
    [{ size: [4] }, undefined, true],
    [{ names: ['y'] }, undefined, true],
    [{ level: ['high'] }, 'MessageAttributes', false],
    [{ level: ['high'] }, 'MessageBody', true],
    [{ kind: ['loud'] }, 'MessageBody', false],
  ])('%j on %s passes: %s', (policy, scope, expected) => {
    expect(compileFilterPolicy(policy, scope)(notice)).toBe(expected);
  });

  it('on the body lets no plain text pass', () => {
    const passes = compileFilterPolicy({ level: [{ exists: false }] }, 'MessageBody');
    expect(passes({ message: 'plain', attributes: {} })).toBe(false);
  });
});
