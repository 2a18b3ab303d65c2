import { describe, expect, test } from 'vitest';
import { shareStrings } from '../../build/strings.ts';

const MANY = 'aws.auth#sigv4';

describe('a text', () => {
  test('that is written many times is written once', async () => {
    const code = `const of=t=>[t,"${MANY}","${MANY}"];export const out=[of("${MANY}"),"${MANY}"+"${MANY}"];`;

    const shared = shareStrings(code);

    expect(shared.split(MANY)).toHaveLength(2);
    expect(await run(shared)).toEqual(await run(code));
  });

  test('that is written once by a name is written out, and its declaration falls away', () => {
    expect(shareStrings('var $x="only here",y=1;export const out=[$x,y];')).toBe(
      'var y=1;export const out=["only here",y];',
    );
  });

  test('of two constants of modules that know nothing of each other is written once', async () => {
    const code = `var a1="${MANY}",b1=f,c1="${MANY}";function f(){return[a1,c1,a1]}export const out=[b1(),c1];`;

    const shared = shareStrings(code);

    expect(shared.split(MANY)).toHaveLength(2);
    expect(await run(shared)).toEqual(await run(code));
  });
});

// Every place in which a text or the name of a constant can stand, with what the module exports.
test.each<[string, string]>([
  ['a key', `export const out={"${MANY}":"${MANY}",a:"${MANY}"};`],
  ['a computed key', `export const out={["${MANY}"]:"${MANY}",a:"${MANY}"};`],
  ['a key of a class', `export const out=new class{"${MANY}"="${MANY}";static x="${MANY}";["${MANY}"+1]=2};`],
  [
    'a directive',
    `function f(){"use strict";return this}export const out=[f()===undefined,"use strict","use strict"];`,
  ],
  [
    'a word before and after',
    `function f(x){return"${MANY}"in x}export const out=[f({}),typeof"${MANY}",void"${MANY}"];`,
  ],
  ['a case', `let out;switch("${MANY}"){case"${MANY}":out="${MANY}"}export{out};`],
  [
    'an import',
    `import{join}from"node:path";export const out=["node:path","node:path","node:path",join("a","b")];`,
  ],
  [
    'a dynamic import',
    `const{sep}=await import("node:path");export const out=["node:path","node:path",sep];`,
  ],
  [
    'a default value',
    `var d="${MANY}";const f=(a=d,{b=d}={})=>[a,b];export const out=[f(),f("${MANY}",{b:"${MANY}"})];`,
  ],
  ['a short property', `var s="${MANY}";export const out=[{s},s,s,s];`],
  ['an assigned name', `var v="${MANY}";const f=()=>v;v+="!";export const out=[f(),v,"${MANY}","${MANY}"];`],
  [
    'a shadowed name',
    `var v="${MANY}";const f=v=>v;const g=()=>{let v="inner";return v};export const out=[f(1),g(),v];`,
  ],
  [
    'a destructured name',
    `var v="${MANY}";const f=({v:w})=>w;const{v:x}={v};export const out=[f({v:2}),x,v];`,
  ],
  ['an exported constant', `var v="${MANY}";export{v};export const out=[v,v,v];`],
  ['a member', `var length="${MANY}";export const out=[[1,2].length,length,"abc".length,"${MANY}".length];`],
  ['a label', `var l="${MANY}";l:for(;;){break l}export const out=[l,l];`],
  ['a catch', `var e="${MANY}";let out;try{throw"${MANY}"}catch(e){out=[e,"${MANY}"]}export{out};`],
  [
    'quotes',
    `export const out=['say "hello" to him','say "hello" to him',"it's \\"both\\"","it's \\"both\\""];`,
  ],
  [
    'other letters',
    `export const out=["\\u00fcber alle\\n","\\u00fcber alle\\n","\\u{1f600}\\u{1f600}","\\u{1f600}\\u{1f600}"];`,
  ],
  ['only constants', `var a="${MANY}",b="b";export const out=[a,b];`],
  ['the last constant', `var f=()=>[g,h],g="${MANY}",h="h";export const out=f();`],
])('means the same with %s', async (_, code) => {
  expect(await run(shareStrings(code))).toEqual(await run(code));
});

test('gives no name that the module has', async () => {
  const code = `const a="x";function b(c,$){return[a,c,$,_]}var _=1;${'"'.concat(MANY, '";').repeat(3)}export const out=[b("${MANY}","${MANY}"),"${MANY}"];`;

  const shared = shareStrings(`"";${code}`);

  expect(await run(shared)).toEqual(await run(code));
});

test('refuses what does not parse', () => {
  expect(() => shareStrings('export const = 1')).toThrow('The bundle does not parse');
});

async function run(code: string): Promise<unknown> {
  const { out } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  return out;
}
