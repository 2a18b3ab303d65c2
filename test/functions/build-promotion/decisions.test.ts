import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseArtifact } from '../../../functions/build-promotion/domain/artifact.ts';
import {
  type HistoryEntry,
  effectiveChanges,
  generationFileName,
  parseGenerationFileName,
  lastLiveBuilds,
  releaseLine,
  rollbackTargets,
} from '../../../functions/build-promotion/domain/history.ts';
import { parseManifest, verifyManifest } from '../../../functions/build-promotion/domain/manifest.ts';
import { compareNames, describeDifferences } from '../../../functions/build-promotion/domain/manifest-diff.ts';
import {
  choosePrunable,
  parseTrashName,
  trashName,
} from '../../../functions/build-promotion/domain/prune-rules.ts';
import { chooseRecoveryPoint } from '../../../functions/build-promotion/domain/recovery-point.ts';
import { readSingleFile } from '../../../functions/build-promotion/promote-build/zip.ts';
import { parseActionParameters } from '../../../functions/build-promotion/protocol/action-parameters.ts';
import { parseStoreRequest } from '../../../functions/build-promotion/protocol/store-request.ts';
import { createZip } from '../../../local/scenarios/build-promotion/zip.ts';

const D = 'a'.repeat(64);
const stamped = {
  v: 1 as const,
  buildId: 'b-1',
  manifestSha256: D,
  files: 1,
  bytes: 1,
  createdAt: '2026-11-21T10:00:00Z',
};

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
    expect([...parseManifest(Buffer.from(text)).keys()]).toEqual(paths);
  });

  it.each([
    ['no last line break', `${D}  a`, 'does not end with a line break'],
    ['an empty line', '\n', 'line 1 is no line of sha256sum'],
    ['capitals', `${'A'.repeat(64)}  a\n`, 'line 1 is no line of sha256sum'],
    ['an MD5', `${'a'.repeat(32)}  a\n`, 'line 1 is no line of sha256sum'],
    ['an unknown escape', `\\${D}  a\\t\n`, 'line 1 escapes nothing with'],
    ['a backslash at the end', `\\${D}  a\\\n`, 'line 1 escapes nothing with'],
    ['no path', `${D}  \n`, 'line 1 has the path ""'],
    ['a way up', `${D}  a/../b\n`, 'line 1 has the path "a/../b"'],
    ['a way up at the end', `${D}  a/..\n`, 'line 1 has the path "a/.."'],
    ['itself', `${D}  ./a\n`, 'line 1 has the path "./a"'],
    ['from the root', `${D}  /a\n`, 'line 1 has the path "/a"'],
    ['a double slash', `${D}  a//b\n`, 'line 1 has the path "a//b"'],
    ['a slash at the end', `${D}  a/\n`, 'line 1 has the path "a/"'],
    ['a NUL', `${D}  a\0b\n`, 'line 1 has the path'],
    ['what no name can be', `${D}  a\uFFFD\n`, 'line 1 has the path'],
    ['a path twice', `${D}  a\n${D}  a\n`, 'line 2 lists "a" twice'],
    ['its own stamp', `${D}  BUILD.json\n`, 'line 1 lists BUILD.json itself'],
  ])('is refused: %s', (_, text, reason) => {
    expect(() => parseManifest(Buffer.from(text))).toThrow(reason);
  });

  it('is refused when it is not UTF-8', () => {
    expect(() => parseManifest(Buffer.from(`${D}  \xff\n`, 'latin1'))).toThrow('is not UTF-8');
  });

  const bytes = Buffer.from(`${D}  a\n`);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const artifact = { ...stamped, manifestSha256: digest };

  it('is the one that the artifact names, with as many files', () => {
    expect(verifyManifest(bytes, artifact, undefined).get('a')).toBe(D);
    expect(() => verifyManifest(bytes, stamped, undefined)).toThrow(`has the digest ${digest}, not ${D}`);
    expect(() => verifyManifest(bytes, { ...artifact, files: 2 }, undefined)).toThrow('lists 1 files');
  });

  it.each([
    ['ec', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'sha256'],
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256'],
    ['ed25519', generateKeyPairSync('ed25519'), null],
  ] as const)('is signed, when a key is given: %s', (_, { privateKey, publicKey }, algorithm) => {
    const signature = sign(algorithm, bytes, privateKey).toString('base64');
    expect(verifyManifest(bytes, { ...artifact, signature }, publicKey).size).toBe(1);
    expect(() => verifyManifest(bytes, artifact, publicKey)).toThrow('is not signed');
    const other = sign(algorithm, Buffer.from('else'), privateKey).toString('base64');
    expect(() => verifyManifest(bytes, { ...artifact, signature: other }, publicKey)).toThrow('not by the key');
  });
});

describe('an artifact', () => {
  const text = JSON.stringify(stamped);

  it('is read out of an archive as CodeBuild writes one, with its sizes behind the data', () => {
    const plain = createZip([['build.json', text]]);
    const directory = plain.readUInt32LE(plain.length - 6);
    const descriptor = Buffer.alloc(16);
    const streamed = Buffer.concat([plain.subarray(0, directory), descriptor, plain.subarray(directory)]);
    streamed.writeUInt16LE(8, 6);
    streamed.fill(0, 14, 26); // checksum and sizes in front
    streamed.writeUInt16LE(8, directory + 16 + 8);
    streamed.writeUInt32LE(directory + 16, streamed.length - 6);
    for (const archive of [plain, streamed])
      expect(parseArtifact(readSingleFile(archive, 'build.json'))).toEqual(stamped);
  });

  it.each([
    ['encrypted', createZip([['build.json', text]], { flags: 1 }), 'is encrypted'],
    [
      'with something behind',
      Buffer.concat([createZip([['build.json', text]]), Buffer.from('x')]),
      'is no zip archive',
    ],
    ['empty', createZip([]), 'holds 0 entries'],
    ['a bomb', createZip([['build.json', '0'.repeat(60_000_000)]]), 'unpacks to 60000000 bytes'],
    [
      'a bomb that says it is small',
      createZip([['build.json', '0'.repeat(9_000_000)]], { size: 9 }),
      'does not unpack',
    ],
    ['nothing', Buffer.alloc(0), 'is no zip archive'],
  ])('is refused: %s', (_, archive, reason) => {
    expect(() => readSingleFile(archive, 'build.json')).toThrow(reason);
  });

  it('is refused however an archive is cut or changed, and never read wrongly', () => {
    const archive = createZip([['build.json', text]]);
    for (let at = 0; at < archive.length; at++) {
      expect(() => readSingleFile(archive.subarray(0, at), 'build.json')).toThrow();
      const changed = Buffer.from(archive);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      let read: string | undefined;
      try {
        read = readSingleFile(changed, 'build.json');
      } catch {
        read = text;
      }
      expect(read).toBe(text);
    }
  });

  it.each([
    ['buildId', { buildId: '..' }],
    ['buildId', { buildId: '.incoming' }],
    ['buildId', { buildId: 'a/b' }],
    ['buildId', { buildId: 'a'.repeat(129) }],
    ['manifestSha256', { manifestSha256: 'x' }],
    ['files', { files: -1 }],
    ['bytes', { bytes: 1.5 }],
    ['createdAt', { createdAt: 'yesterday' }],
    ['v', { v: 2 }],
  ])('names the member that does not fit: %s', (member, change) => {
    expect(() => parseArtifact(JSON.stringify({ ...stamped, ...change }))).toThrow(
      `build.json: ${member} must`,
    );
  });
});

describe('parameters and requests', () => {
  it('promote unless told', () => {
    expect(parseActionParameters('{"env":"prod"}')).toEqual({ action: 'promote', env: 'prod', verify: 'auto' });
  });

  it.each([
    [undefined, 'got nothing'],
    ['prod', 'expected JSON'],
    ['[]', 'UserParameters: '],
    ['{"env":"Prod"}', 'env must match'],
    ['{"env":"../x"}', 'env must match'],
    ['{"env":"prod","force":true}', '"force"'],
    ['{"env":"prod","to":"b-1"}', '"to"'],
    ['{"env":"prod","copyTo":"../else"}', 'copyTo must match'],
    ['{"env":"prod","verify":"none"}', 'verify must be "auto"'],
  ])('are refused: %s', (text, reason) => {
    expect(() => parseActionParameters(text)).toThrow(reason);
  });

  it('of unknown actions are refused', () => {
    expect(() => parseStoreRequest({ action: 'explode', env: 'prod' })).toThrow('request: ');
  });
});

function changes(...written: readonly string[]): HistoryEntry[] {
  return written.map((text, at) => {
    const [action, from, to] = text.split(' ') as [HistoryEntry['action'], string, string];
    const generation = at + 1;
    const common = { env: 'prod', key: `k${at}`, at: 'now', verified: 'full' as const, artifact: stamped };
    return { ...common, action, from: from === 'none' ? null : from, to, generation };
  });
}

describe('the history', () => {
  const three = ['promote none a', 'promote a b', 'promote b c'];

  it.each([
    ['three promotions', three, 'c', 'abc', 'ba'],
    ['a rollback', [...three, 'rollback c b'], 'b', 'ab', 'a'],
    ['two rollbacks', [...three, 'rollback c b', 'rollback b a'], 'a', 'a', ''],
    ['a promotion after a rollback', [...three, 'rollback c b', 'promote b d'], 'd', 'abd', 'ba'],
    ['the same release again', [...three, 'promote c a'], 'a', 'abca', 'cb'],
    ['the latest change never showed', three, 'b', 'ab', 'a'],
    ['an earlier change never showed', ['promote none a', 'promote a b', 'promote a c'], 'c', 'ac', 'a'],
    ['a change that was undone', [...three, 'undo c b'], 'b', 'ab', 'a'],
    ['somebody moved the link by hand', three, 'x', 'ab', 'ba'],
    ['the link is gone', three, undefined, 'ab', 'ba'],
    ['nothing yet', [], undefined, '', ''],
  ])('knows the line and the way back: %s', (_, written, live, line, targets) => {
    const entries = changes(...written);
    expect(
      releaseLine(entries, live)
        .map(({ to }) => to)
        .join(''),
    ).toBe(line);
    expect(
      rollbackTargets(entries, live)
        .map(({ to }) => to)
        .join(''),
    ).toBe(targets);
  });

  it('tells the last that were live, each once', () => {
    const entries = changes(...three, 'rollback c b', 'promote b d');
    expect(lastLiveBuilds(entries, 'd', new Set(), 3)).toEqual(['d', 'b', 'c']);
    // What nobody may go back to takes no other's place.
    expect(lastLiveBuilds(entries, 'd', new Set(['b']), 3)).toEqual(['d', 'c', 'a']);
    expect(effectiveChanges(entries, 'b').map(({ to }) => to)).toEqual(['a', 'b', 'c', 'b']);
  });

  it('numbers files so that a listing is in order', () => {
    expect([generationFileName(42), generationFileName(1_234_567)]).toEqual(['000042.json', '1234567.json']);
    const names = ['000042.json', '1234567.json', '0000042.json', '42.json', '000042.json.x', 'x'];
    expect(names.map(parseGenerationFileName)).toEqual([42, 1_234_567, undefined, undefined, undefined, undefined]);
  });
});

describe('pruning', () => {
  const DAY = 86_400_000;
  const now = 100 * DAY;
  const build = (buildId: string, days: number) => ({ buildId, since: now - days * DAY });
  const rules = { keepMs: 7 * DAY, maxBuilds: 3 };

  it.each([
    ['what is old', [build('a', 8), build('b', 6)], [], ['a']],
    ['nothing that is needed', [build('a', 80), build('b', 9)], ['a'], ['b']],
    ['the oldest of too many', [build('a', 6), build('b', 5), build('c', 4), build('d', 3)], [], ['a']],
    [
      'not what is needed, of too many',
      [build('a', 6), build('b', 5), build('c', 4), build('d', 3)],
      ['a'],
      ['b'],
    ],
    [
      'nothing fresh, however many',
      [build('a', 0.01), build('b', 0.01), build('c', 0), build('d', 0)],
      [],
      [],
    ],
    ['nothing from the future', [build('a', -5), build('b', 8)], [], ['b']],
  ])('takes %s', (_, candidates, roots, expected) => {
    expect(choosePrunable(candidates, new Set(roots), rules, now)).toEqual(expected);
  });

  it('writes into a name when it was thrown away', () => {
    expect(parseTrashName(trashName('b-1', 1_795_000_000_000))).toEqual({
      at: 1_795_000_000_000,
      buildId: 'b-1',
    });
    expect(parseTrashName('deleting-1795000000000-b-1')).toBeUndefined();
  });
});

describe('a recovery point', () => {
  const point = (arn: string, createdAt: number, status = 'COMPLETED') => ({ arn, createdAt, status });
  const points = [point('a', 10), point('c', 30), point('b', 20), point('late', 60), point('later', 70)];

  it.each([
    ['the latest while it was there', { from: 5, until: 35 }, [], 'c'],
    ['the one before, when that held nothing', { from: 5, until: 35 }, ['c'], 'b'],
    ['the first one afterwards', { from: 40, until: 50 }, [], 'late'],
    ['none from before', { from: 80, until: 90 }, [], undefined],
    ['none that was tried', { from: 40, until: 50 }, ['late', 'later'], undefined],
  ])('is %s', (_, sighting, tried, expected) => {
    expect(chooseRecoveryPoint(points, sighting, tried)?.arn).toBe(expected);
  });

  it('is whole', () => {
    expect(chooseRecoveryPoint([point('a', 10, 'EXPIRED')], { from: 5, until: 15 }, [])).toBeUndefined();
  });
});

describe('findings', () => {
  const manifest = new Map([
    ['a', D],
    ['l', D],
    ['m', D],
  ]);
  const met = [
    { path: 'a', kind: 'file' },
    { path: 'l', kind: 'link' },
    { path: 'x', kind: 'file' },
    { path: 'p', kind: 'special' },
  ] as const;

  it('tell what need not be read', () => {
    const { files, differences, links } = compareNames(met, manifest, false);
    expect([files.length, links.length]).toEqual([1, 0]);
    expect(describeDifferences('b-1', differences)).toBe(
      'b-1: 4 files are not as stamped: linked "l", missing "m", special "p", extra "x"',
    );
  });

  it('leave links to be looked at where they are allowed', () => {
    const { differences, links } = compareNames(met, manifest, true);
    expect(links.map(({ path }) => path)).toEqual(['l']);
    expect(differences.map(({ path }) => path)).toEqual(['x', 'p', 'm']);
  });
});
