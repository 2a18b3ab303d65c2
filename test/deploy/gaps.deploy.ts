import { afterAll, beforeAll, expect, it } from 'vitest';
import { mapping } from '../../local/json.ts';
import { gaps } from './emulator/gaps.ts';
import { findFreePort, type MiniStack, startMiniStack } from './emulator/process.ts';

let ministack: MiniStack;
beforeAll(async () => {
  const port = await findFreePort();
  const endpoint = `http://127.0.0.1:${port}`;
  ministack = await startMiniStack({ name: 'plain', port, endpoint, plain: true });
});
afterAll(() => ministack?.close());

it('lists what plain MiniStack lacks, and nothing that it has', async () => {
  const stillLacking = mapping(await ministack.probe());

  expect(stillLacking).toEqual(Object.fromEntries(gaps.map(({ name }) => [name, true])));
});
