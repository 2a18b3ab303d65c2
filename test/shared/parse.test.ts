import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { InvalidInputError } from '../../shared/errors.ts';
import { parseAs, parseJson } from '../../shared/parse.ts';

const schema = z.object({
  id: z.string().check(z.regex(/^i-[0-9a-f]+$/)),
  count: z.number().check(z.minimum(1), z.maximum(5)),
  tags: z.array(z.string()).check(z.minLength(1)),
  state: z.literal(['running', 'stopped']),
  credentials: z.object({ sessionToken: z.string() }),
  headers: z.optional(z.record(z.string(), z.string())),
});
const valid = { id: 'i-1', count: 1, tags: ['a'], state: 'running', credentials: { sessionToken: 'tok' } };

describe('parseAs', () => {
  it.each<[object, string]>([
    [{ id: 'x-1' }, 'it: id must match /^i-[0-9a-f]+$/, got "x-1"'],
    [{ id: undefined }, 'it: id must be a string, got nothing'],
    [{ count: 0 }, 'it: count must be at least 1, got 0'],
    [{ count: 6 }, 'it: count must be at most 5, got 6'],
    [{ tags: [] }, 'it: tags must be at least 1 entries, got an array of 0'],
    [{ tags: ['a', { secret: 'x' }] }, 'it: tags.1 must be a string, got an object'],
    [{ state: 'gone' }, 'it: state must be "running" or "stopped", got "gone"'],
    [{ credentials: 'tok-en' }, 'it: credentials must be an object, got a value not shown'],
    [
      { credentials: { sessionToken: 12345678 } },
      'it: credentials.sessionToken must be a string, got a value not shown',
    ],
    [
      { headers: { Authorization: 5551234 } },
      'it: headers.Authorization must be a string, got a value not shown',
    ],
    [{ headers: { cookie: 5551234 } }, 'it: headers.cookie must be a string, got a value not shown'],
    [{ id: 'x', count: 0 }, 'it: id must match /^i-[0-9a-f]+$/, got "x"; count must be at least 1, got 0'],
  ])('%j', (change, message) => {
    expect(() => parseAs(schema, { ...valid, ...change }, 'it')).toThrowError(new InvalidInputError(message));
  });

  it('tolerates extra members and drops them', () => {
    expect(parseAs(schema, { ...valid, more: 1 }, 'it')).toEqual(valid);
  });

  it('lets JSON reach no prototype', () => {
    const value = parseJson(
      `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"id":"i-1","count":1,"tags":["a"],"state":"running","credentials":{"sessionToken":"t"},"headers":{"__proto__":"x","a":"b"}}`,
      'it',
    );
    const read = parseAs(schema, value, 'it');
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(Object.keys(read.headers ?? {})).toEqual(['a']);
    expect('polluted' in {}).toBe(false);
    expect(() => parseAs(schema, parseJson('{"__proto__":{"id":"i-1"}}', 'it'), 'it')).toThrow(
      /id must be a string/,
    );
  });

  it('names a hundred faults by five', () => {
    const many = { ...valid, tags: Array.from({ length: 100 }, (_, n) => n) };
    expect(() => parseAs(schema, many, 'it')).toThrow(/and 95 more$/);
  });
});

it('parseJson says what it got, and little of it', () => {
  expect(() => parseJson('{"half', 'body')).toThrow('body: expected JSON, got "{\\"half"');
  expect(() => parseJson('x'.repeat(6_000_000), 'body')).toThrow(/^.{1,120}$/);
});
