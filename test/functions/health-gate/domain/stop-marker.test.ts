import { describe, expect, it } from 'vitest';
import {
  formatMarker,
  formatUnsavedPass,
  parseMarker,
  unsavedPassText,
} from '../../../../functions/health-gate/domain/stop-marker.ts';
import { NOW, policy } from '../examples.ts';

describe('the marker', () => {
  const stop = { id: '12345678-1234-5678-abcd-12345678abcd', jobId: '11111111-abcd-1111-abcd-111111abcdef' };

  it('is found in whatever text carries it', () => {
    expect(parseMarker(undefined, `Incident In Progress: ... (${formatMarker(stop)})`)).toEqual(stop);
    expect(parseMarker(formatMarker(stop))).toEqual(stop);
  });

  it.each([undefined, '', 'the build failed', 'groundcrew-health-gate/'])('is not in %j', (text) => {
    expect(parseMarker(text)).toBeUndefined();
  });
});

describe('a pass that could not be saved', () => {
  const pass = { id: 'execution-1', jobId: 'job-1', at: NOW, policy: policy() };

  it('is in the text after the marker', () => {
    const text = formatUnsavedPass(pass);

    expect(parseMarker(text)).toEqual({ id: 'execution-1', jobId: 'job-1' });
    expect(JSON.parse(unsavedPassText(text) ?? '')).toEqual({ at: NOW, policy: pass.policy });
  });

  it('is left out if CodePipeline would refuse its length', () => {
    const ignoreCodes = Array.from({ length: 100 }, (_, at) => `AWS_VPN_${at}_ISSUE`);

    expect(formatUnsavedPass({ ...pass, policy: policy({ ignoreCodes }) })).toBeUndefined();
  });

  it('is not in a marker alone', () => {
    expect(unsavedPassText(formatMarker(pass))).toBeUndefined();
  });
});
