import { crc32, deflateRawSync } from 'node:zlib';

export type Entry = readonly [name: string, content: string];

export interface Oddities {
  /** In the local header, where it differs from the directory's. */
  readonly localName?: string;
  readonly flags?: number;
  /** Where the directory says it unpacks to so many bytes. */
  readonly size?: number;
  readonly before?: Buffer;
}

/** An archive as CodeBuild makes one, or one that nobody should take. */
export function zipOf(entries: readonly Entry[], odd: Oddities = {}): Buffer {
  const parts: Buffer[] = [odd.before ?? Buffer.alloc(0)];
  const directory: Buffer[] = [];
  let offset = parts[0]?.length ?? 0;
  for (const [name, content] of entries) {
    const raw = Buffer.from(content);
    const packed = deflateRawSync(raw);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(odd.flags ?? 0, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(raw), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(odd.size ?? raw.length, 18);
    common.writeUInt16LE(Buffer.byteLength(odd.localName ?? name), 22);
    const local = Buffer.concat([signature(0x04034b50), common, Buffer.from(odd.localName ?? name), packed]);
    parts.push(local);
    const central = Buffer.from(common);
    central.writeUInt16LE(Buffer.byteLength(name), 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([signature(0x02014b50), Buffer.from([20, 0]), central, rest, Buffer.from(name)]),
    );
    offset += local.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, ...directory, signature(0x06054b50), end]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
