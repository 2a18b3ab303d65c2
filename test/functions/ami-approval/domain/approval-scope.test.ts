import { describe, expect, it } from 'vitest';
import { isMatchedBy, outOfScopeReason } from '../../../../functions/ami-approval/domain/approval-scope.ts';

describe('the scope of the wing', () => {
  const scope = { pipelines: ['web-*', 'Base Image'], steps: ['Approve*'] };

  it.each<[string, { pipeline?: string; tags?: Record<string, string>; step?: string }]>([
    ['a pipeline that matches', { pipeline: 'web-server-weekly' }],
    ['a pipeline in other case', { pipeline: 'WEB-server' }],
    ['a name without a wildcard', { pipeline: 'base image' }],
    ['the tag, without a pipeline', { tags: { 'groundcrew:approval': 'true' } }],
    [
      'the tag, with the pipeline of another team',
      { pipeline: 'db', tags: { 'groundcrew:approval': 'true' } },
    ],
    ['a step that matches, of a pipeline that matches', { pipeline: 'web-server', step: 'ApproveImage' }],
  ])('includes %s', (_, { step, tags = {}, ...build }) => {
    expect(outOfScopeReason({ ...build, tags }, scope, step)).toBeUndefined();
  });

  it.each<[string, { pipeline?: string; tags?: Record<string, string>; step?: string }, RegExp]>([
    ['a build without pipeline and tag', {}, /no pipeline and no tag groundcrew:approval=true/],
    ['a pipeline of another team', { pipeline: 'db-weekly' }, /its pipeline db-weekly matches no pattern/],
    ['a name that only contains a pattern', { pipeline: 'my-web-server' }, /matches no pattern/],
    ['the tag with another value', { tags: { 'groundcrew:approval': 'false' } }, /no tag/],
    ['a step of another team', { pipeline: 'web-server', step: 'WaitForQa' }, /the workflow step WaitForQa/],
    [
      'a matching step in the build of another team',
      { pipeline: 'db', step: 'ApproveDb' },
      /its pipeline db/,
    ],
  ])('excludes %s', (_, { step, tags = {}, ...build }, reason) => {
    expect(outOfScopeReason({ ...build, tags }, scope, step)).toMatch(reason);
  });

  it('is empty without patterns and tags', () => {
    const none = { pipelines: [], steps: ['Approve*'] };
    expect(outOfScopeReason({ pipeline: 'web-server', tags: {} }, none)).toMatch(/matches no pattern/);
  });

  it.each<[string, string, boolean]>([
    ['*', 'anything', true],
    ['a-b', 'a-b', true],
    ['a-b', 'axb', false],
    ['*-prod', 'web-prod', true],
    ['*-prod', 'web-prod-2', false],
    ['w*b*', 'web-blue', true],
    ['', 'web', false],
  ])('matches %j with %j: %s', (pattern, name, isMatch) => {
    expect(isMatchedBy(name, [pattern])).toBe(isMatch);
  });
});
