import { crc32, deflateRawSync } from 'node:zlib';

export type ZipEntry = readonly [name: string, content: string];

export interface ZipOptions {
  /** The name in the local header, if it differs from the central directory. */
  readonly localName?: string;
  readonly flags?: number;
  /** The declared size, if it differs from the real size. */
  readonly size?: number;
  readonly prefix?: Buffer;
}

/** Creates a zip file as CodeBuild does, or an invalid one. */
export function createZip(entries: readonly ZipEntry[], options: ZipOptions = {}): Buffer {
  const parts: Buffer[] = [options.prefix ?? Buffer.alloc(0)];
  const directory: Buffer[] = [];
  let offset = parts[0]?.length ?? 0;
  for (const [name, content] of entries) {
    const raw = Buffer.from(content);
    const packed = deflateRawSync(raw);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(options.flags ?? 0, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(raw), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(options.size ?? raw.length, 18);
    common.writeUInt16LE(Buffer.byteLength(options.localName ?? name), 22);
    const local = Buffer.concat([
      signature(0x04034b50),
      common,
      Buffer.from(options.localName ?? name),
      packed,
    ]);
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
