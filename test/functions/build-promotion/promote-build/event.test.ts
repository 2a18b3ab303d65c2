import { describe, expect, it } from 'vitest';
import { parseActionParameters } from '../../../../functions/build-promotion/promote-build/event.ts';

describe('parameters of an action', () => {
  it('promote by default', () => {
    expect(parseActionParameters('{"env":"prod"}')).toEqual({
      action: 'promote',
      env: 'prod',
      verify: 'auto',
    });
  });

  it.each([
    [undefined, 'got none'],
    ['prod', 'expected JSON'],
    ['[]', 'UserParameters: '],
    ['{"env":"Prod"}', 'env must match'],
    ['{"env":"../x"}', 'env must match'],
    ['{"env":"prod","force":true}', '"force"'],
    ['{"env":"prod","to":"b-1"}', '"to"'],
    ['{"env":"prod","copyTo":"../else"}', 'copyTo must match'],
    ['{"env":"prod","verify":"none"}', 'verify must be "auto"'],
  ])('are refused: %s', (text, reason) => {
    expect(() => parseActionParameters(text)).toThrow(reason);
  });
});
