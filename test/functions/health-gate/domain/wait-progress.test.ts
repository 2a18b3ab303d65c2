import { describe, expect, it } from 'vitest';
import { formatProgress, parseProgress } from '../../../../functions/health-gate/domain/wait-progress.ts';
import { NOW } from '../examples.ts';
import { fresh } from '../verdict-examples.ts';

describe('the progress token of a waiting action', () => {
  it('comes back as it was, in far less than the 2048 characters', () => {
    const progress = { since: NOW, checks: 2880, errors: 3 };
    const text = formatProgress(progress);
    expect(parseProgress(text, NOW + 1)).toEqual(progress);
    expect(text.length).toBeLessThan(100);
  });

  it.each([
    undefined,
    '',
    'resume',
    '{"v":2,"since":1,"checks":1,"errors":1}',
    '{"v":1,"since":9e15,"checks":1,"errors":0}',
  ])('starts again with %j', (text) => {
    expect(parseProgress(text, NOW)).toEqual(fresh);
  });
});
