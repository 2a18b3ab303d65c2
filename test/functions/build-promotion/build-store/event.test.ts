import { describe, expect, it } from 'vitest';
import { parseStoreRequest } from '../../../../functions/build-promotion/build-store/event.ts';

describe('requests to the store', () => {
  it('of unknown actions are refused', () => {
    expect(() => parseStoreRequest({ action: 'explode', env: 'prod' })).toThrow('request: ');
  });
});
