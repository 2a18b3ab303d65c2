import { describe, expect, it } from 'vitest';
import { recentPolicy, rememberPolicy } from '../../../functions/health-gate/recent-policies.ts';
import { NOW } from './examples.ts';

const HOUR = 3_600_000;

describe('a policy that was read', () => {
  it('is known for an hour', () => {
    rememberPolicy('/groundcrew/health-gate/prod', '{"mode":"warn"}', NOW);

    expect(recentPolicy('/groundcrew/health-gate/prod', NOW + HOUR)).toBe('{"mode":"warn"}');
    expect(recentPolicy('/groundcrew/health-gate/prod', NOW + HOUR + 1)).toBeUndefined();
  });

  it('is replaced by the next one', () => {
    rememberPolicy('/groundcrew/health-gate/prod', '{"mode":"warn"}', NOW);
    rememberPolicy('/groundcrew/health-gate/prod', '{"mode":"fail"}', NOW + 1);

    expect(recentPolicy('/groundcrew/health-gate/prod', NOW + 2)).toBe('{"mode":"fail"}');
  });

  it('is unknown under another name, and without one', () => {
    expect(recentPolicy('/groundcrew/health-gate/another', NOW)).toBeUndefined();
    expect(recentPolicy(undefined, NOW)).toBeUndefined();
  });
});
