import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { readText } from '../../support/template.ts';

it('delivers warnings at once: no batch window, which a batch of more than 10 would need', () => {
  const text = readText('functions/spot-cordon/template.yaml').replace(/!\w+/g, '');

  const { CordonInterruptions: mapping } = parse(text).Resources;

  expect(mapping.Properties.EventSourceArn).toBe('InterruptionQueue.Arn');
  expect(mapping.Properties.MaximumBatchingWindowInSeconds).toBeUndefined();
  expect(mapping.Properties.BatchSize).toBeLessThanOrEqual(10);
});
