import { expect, it } from 'vitest';
import { logger } from '../../shared/log.ts';
import { captureOutput } from '../support/handlers/output.ts';

const output = captureOutput();

it('logs of an error its name, message, causes and frames, and no member that may be a payload', () => {
  const cause = Object.assign(new Error('slow down'), {
    name: 'Throttling',
    body: 'payload',
    $metadata: { requestId: 'r-1' },
  });
  logger.error('it failed', {
    error: Object.assign(new Error('no luck', { cause }), { event: 'payload' }),
    instanceId: 'i-1',
  });
  expect(output.text()).not.toContain('payload');
  expect(output.logs()).toMatchObject([
    {
      level: 'ERROR',
      message: 'it failed',
      instanceId: 'i-1',
      error: {
        message: 'no luck',
        cause: { name: 'Throttling', requestId: 'r-1' },
        stack: expect.stringContaining('log.test.ts'),
      },
    },
  ]);
});

it('logs nothing under a name that promises a secret', () => {
  logger.info('got it', {
    headers: { Authorization: 'x-y-z', accept: 'text/html' },
    cookies: ['a=b'],
    sessionToken: null,
  });
  expect(output.logs()).toMatchObject([
    { headers: { Authorization: '[redacted]', accept: 'text/html' }, cookies: '[redacted]' },
  ]);
});
