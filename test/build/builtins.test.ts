import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takeBuiltins } from '../../build/builtins.ts';

const run = async (code: string): Promise<unknown> =>
  (await import(`data:text/javascript,${encodeURIComponent(code)}`)).out;

// Every form of an import, with what the module exports.
test.each<[string, string, unknown]>([
  [
    'names',
    'import{join,sep as s}from"node:path";export const out=[join("a","b"),s];',
    [join('a', 'b'), '/'],
  ],
  ['a default', 'import p from"node:path";export const out=p.join("a","b");', join('a', 'b')],
  [
    'a default by its name, with names',
    'import{default as p,join}from"node:path";export const out=p.join===join;',
    true,
  ],
  ['a namespace', 'import*as p from"node:path";export const out=p.join("a","b");', join('a', 'b')],
  ['nothing', 'import"node:path";export const out=1;', 1],
  ['names on request', 'export const{join:out}=await import("node:path");', join],
  ['a default on request', 'export const out=(await import("node:path")).default.join;', join],
])('an import of %s gives the same, without an import', async (_, code, expected) => {
  const taken = takeBuiltins(code);

  expect(taken).not.toMatch(/\bimport\b/);
  expect(await run(taken)).toEqual(expected);
});

test('imports of the same module in several places are taken before anything runs', async () => {
  const code =
    'const id=f();import{createHash as c}from"node:crypto";function f(){return[typeof c,typeof r]}import{randomUUID as r}from"node:crypto";export const out=id;';

  expect(await run(takeBuiltins(code))).toEqual([typeof createHash, typeof randomUUID]);
});

test('a property that nobody uses is not read', async () => {
  const code = 'import{request}from"node:http";export const out=typeof request;';

  const taken = takeBuiltins(code);

  expect(taken).toBe('var {request}=process.getBuiltinModule("node:http");export const out=typeof request;');
});

test('other imports and texts stay', () => {
  const code = 'import{a}from"./a.mjs";const t="node:path";import(t);export{a};';

  expect(takeBuiltins(code)).toBe(code);
});

test('a bundle that does not parse is an error', () => {
  expect(() => takeBuiltins('export const = 1;')).toThrow('The bundle does not parse');
});
