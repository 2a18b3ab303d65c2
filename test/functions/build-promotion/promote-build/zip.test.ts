import { describe, expect, it } from 'vitest';
import { parseArtifact } from '../../../../functions/build-promotion/domain/artifact.ts';
import { readSingleFile } from '../../../../functions/build-promotion/promote-build/zip.ts';
import { createZip } from '../../../../local/scenarios/build-promotion/zip.ts';
import { stamped } from '../artifact-example.ts';

describe('an artifact', () => {
  const text = JSON.stringify(stamped);

  it('is read from an archive as CodeBuild writes it, with the sizes after the data', () => {
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
      'is not a zip archive',
    ],
    ['empty', createZip([]), 'has 0 entries'],
    ['a bomb', createZip([['build.json', '0'.repeat(60_000_000)]]), 'unpacks to 60000000 bytes'],
    [
      'a bomb that says it is small',
      createZip([['build.json', '0'.repeat(9_000_000)]], { size: 9 }),
      'does not unpack',
    ],
    ['nothing', Buffer.alloc(0), 'is not a zip archive'],
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
