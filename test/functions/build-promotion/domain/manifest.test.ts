import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseManifest, verifyManifest } from '../../../../functions/build-promotion/domain/manifest.ts';
import { parseModes } from '../../../../functions/build-promotion/domain/modes.ts';
import { HASH as D, stamped } from '../artifact-example.ts';

const parse = (manifest: string | Buffer, modes?: string) =>
  parseManifest({
    manifest: Buffer.from(manifest),
    modes: modes === undefined ? undefined : Buffer.from(modes),
  });

describe('a manifest', () => {
  it.each([
    ['a plain line', `${D}  a/b.txt\n`, ['a/b.txt']],
    ['a binary mark', `${D} *a\n`, ['a']],
    ['spaces, unicode and quotes', `${D}   ä "x" '\n`, [` ä "x" '`]],
    ['a line break', `\\${D}  a\\nb\n`, ['a\nb']],
    ['a return and a backslash', `\\${D}  a\\rb\\\\n\n`, ['a\rb\\n']],
    ['a backslash that is not escaped', `${D}  a\\nb\n`, ['a\\nb']],
    ['names that begin with dots', `${D}  ...\n${D}  .a/..b\n`, ['...', '.a/..b']],
    ['a byte order mark in a name', `${D}  \uFEFFa\n`, ['\uFEFFa']],
    ['no lines', '', []],
  ])('is read: %s', (_, text, paths) => {
    expect([...parse(text).hashes.keys()]).toEqual(paths);
  });

  it.each([
    ['no last line break', `${D}  a`, 'does not end with a line break'],
    ['an empty line', '\n', 'line 1 is not in the format of sha256sum'],
    ['capitals', `${'A'.repeat(64)}  a\n`, 'line 1 is not in the format of sha256sum'],
    ['an MD5', `${'a'.repeat(32)}  a\n`, 'line 1 is not in the format of sha256sum'],
    ['an unknown escape', `\\${D}  a\\t\n`, 'line 1 has the unknown escape'],
    ['a backslash at the end', `\\${D}  a\\\n`, 'line 1 has the unknown escape'],
    ['no path', `${D}  \n`, 'line 1 has the invalid path ""'],
    ['a way up', `${D}  a/../b\n`, 'line 1 has the invalid path "a/../b"'],
    ['a way up at the end', `${D}  a/..\n`, 'line 1 has the invalid path "a/.."'],
    ['itself', `${D}  ./a\n`, 'line 1 has the invalid path "./a"'],
    ['from the root', `${D}  /a\n`, 'line 1 has the invalid path "/a"'],
    ['a double slash', `${D}  a//b\n`, 'line 1 has the invalid path "a//b"'],
    ['a slash at the end', `${D}  a/\n`, 'line 1 has the invalid path "a/"'],
    ['a NUL', `${D}  a\0b\n`, 'line 1 has the invalid path'],
    ['what no name can be', `${D}  a\uFFFD\n`, 'line 1 has the invalid path'],
    ['a path twice', `${D}  a\n${D}  a\n`, 'line 2 lists "a" twice'],
    ['its own stamp', `${D}  BUILD.json\n`, 'line 1 lists BUILD.json itself'],
  ])('is refused: %s', (_, text, reason) => {
    expect(() => parse(text)).toThrow(reason);
  });

  it('is refused when it is not UTF-8', () => {
    expect(() => parse(Buffer.from(`${D}  \xff\n`, 'latin1'))).toThrow('is not UTF-8');
  });

  const bytes = Buffer.from(`${D}  a\n`);
  const files = { manifest: bytes, modes: undefined };
  const hash = createHash('sha256').update(bytes).digest('hex');
  const artifact = { ...stamped, manifestSha256: hash };

  it('is the one that the artifact names, with as many files', () => {
    expect(verifyManifest(files, artifact, undefined).hashes.get('a')).toBe(D);
    expect(() => verifyManifest(files, stamped, undefined)).toThrow(`has the hash ${hash}, not ${D}`);
    expect(() => verifyManifest(files, { ...artifact, files: 2 }, undefined)).toThrow('lists 1 files');
  });

  it.each([
    ['ec', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'sha256'],
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256'],
    ['ed25519', generateKeyPairSync('ed25519'), null],
  ] as const)('is signed, when a key is given: %s', (_, { privateKey, publicKey }, algorithm) => {
    const signature = sign(algorithm, bytes, privateKey).toString('base64');
    expect(verifyManifest(files, { ...artifact, signature }, publicKey).hashes.size).toBe(1);
    expect(() => verifyManifest(files, artifact, publicKey)).toThrow('is not signed');
    const other = sign(algorithm, Buffer.from('else'), privateKey).toString('base64');
    expect(() => verifyManifest(files, { ...artifact, signature: other }, publicKey)).toThrow(
      'does not match the configured public key',
    );
  });
});

describe('a list of modes', () => {
  const list = 'd a\nd a/empty\nx a/run\n';
  const line = `${createHash('sha256').update(list).digest('hex')}  MANIFEST.modes\n`;

  it('is read when the manifest names it, and is no file of the build', () => {
    const { hashes, modes } = parse(`${D}  a/run\n${line}`, list);

    expect([...hashes.keys()]).toEqual(['a/run']);
    expect(modes).toEqual({ folders: new Set(['a', 'a/empty']), executables: new Set(['a/run']) });
  });

  it('is ignored when the manifest does not name it', () => {
    expect(parse(`${D}  a\n`, list).modes).toBeUndefined();
  });

  it.each([
    ['missing', line, undefined, 'MANIFEST.modes is missing'],
    ['another one', line, `${list}x b\n`, /MANIFEST\.modes has the hash [0-9a-f]{64}, MANIFEST\.sha256 says/],
  ])('is refused: %s', (_, manifest, modes, reason) => {
    expect(() => parse(manifest, modes)).toThrow(reason);
  });

  it('is refused with the number of a line that is not in its format', () => {
    expect(() => parseModes('d a\nw b\n')).toThrow(
      'MANIFEST.modes: line 2 is "w b", expected d or x and a path',
    );
  });
});
