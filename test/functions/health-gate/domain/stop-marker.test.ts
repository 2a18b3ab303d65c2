import { describe, expect, it } from 'vitest';
import { formatMarker, parseMarker } from '../../../../functions/health-gate/domain/stop-marker.ts';

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
