import { afterEach, describe, expect, it } from 'vitest';
import { formatValue, redact, registerSecrets, truncate } from '../../shared/redact.ts';

const secretKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const secretKeyWithDigits = 'wJalrXUtnFEMI7K7MDENG2bPxRfiCYEXAMPLE123';

describe('redact', () => {
  it.each([
    ['a key id', 'denied for ASIAIOSFODNN7EXAMPLE', 'IOSFODNN'],
    ['a secret key', `signed with ${secretKeyWithDigits}.`, secretKeyWithDigits],
    ['a secret key in JSON', `{"secretAccessKey":"${secretKey}"}`, secretKey],
    ['a secret key in an environment dump', `AWS_SECRET_ACCESS_KEY=${secretKey}`, secretKey],
    ['a session token', `token ${'aB3/'.repeat(5)}${'xY7'.repeat(60)}`, 'xY7xY7'],
    ['a signed URL', 'https://s3/x?X-Amz-Credential=ABC%2F2026&X-Amz-Signature=deadbeef&v=1', 'deadbeef'],
    ['a token in a URL', 'https://s3/x?X-Amz-Security-Token=IQoJb3Jp', 'IQoJb3Jp'],
    [
      'an authorization header',
      'Authorization: AWS4-HMAC-SHA256 Credential=AKID/2026, Signature=beef',
      'beef',
    ],
    ['a bearer token', 'got Bearer abc.def-ghi', 'abc.def'],
    ['a cookie', 'cookie: session=abc123', 'abc123'],
  ])('%s', (_case, text, secret) => {
    expect(redact(text)).not.toContain(secret);
    expect(redact(text)).toContain('[');
  });

  it.each([
    'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/WebServers1/73e2d6bc24d8a067',
    'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/WebServersNum1/73e2d6bc24d8a067',
    '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12',
    '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    '8f5f4c1e-2b6b-4b5f-9f0e-0f0e0c0d0b0a',
    'i-0b662ef9931388ba0 of my-group in eu-west-1b',
    '/mnt/Builds/Web/Release2026/abcdefgh/ijk',
  ])('leaves %s as it is', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('reads hostile megabytes as quickly as a page of plain text', () => {
    const plain = processorTime(() => redact('plain words of no interest '.repeat(300)));
    for (const text of ['A1a/'.repeat(1_500_000), 'authorization:'.repeat(400_000), `${'a'.repeat(6e6)}=`])
      expect(processorTime(() => redact(text)) / plain).toBeLessThan(100);
  });
});

/** The least of several attempts, in microseconds of this process: what else the machine does counts little. */
function processorTime(work: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    work();
    const { system, user } = process.cpuUsage(before);
    return system + user;
  });
  return Math.max(10, Math.min(...times));
}

describe('withhold', () => {
  afterEach(() => {
    registerSecrets([]);
  });

  it('takes exact secrets out, also where a cut would hide their shape', () => {
    registerSecrets(['plain-secret/+', '']);
    expect(redact('a plain-secret/+ b plain-secret%2F%2B c')).toBe('a [redacted] b [redacted] c');
    expect(redact(`${'x'.repeat(8188)}plain-secret/+`)).not.toContain('plai');
  });

  it('forgets those of the invocation before', () => {
    registerSecrets(['first-secret']);
    registerSecrets(['second-secret']);
    expect(redact('first-secret')).toBe('first-secret');
  });
});

it('shorten never leaves half a character', () => {
  expect(truncate('ab😀cd', 4)).toBe('ab…');
  expect(truncate('abcd', 4)).toBe('abcd');
});

it.each<[unknown, string]>([
  [undefined, 'nothing'],
  [null, 'null'],
  [42, '42'],
  ['text', '"text"'],
  [['a', 'b'], 'an array of 2'],
  [{ secret: 'x' }, 'an object'],
])('show %j', (value, shown) => {
  expect(formatValue(value)).toBe(shown);
});

it('show keeps a long text at about eighty characters', () => {
  expect(formatValue('x'.repeat(6_000_000)).length).toBeLessThanOrEqual(84);
});
