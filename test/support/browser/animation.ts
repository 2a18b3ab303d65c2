import { crc32, deflateSync, inflateSync } from 'node:zlib';

// An animated PNG from screenshots, without a package: browsers, GitHub and editors show it.

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Bytes of a pixel. */
  readonly depth: number;
  readonly pixels: Buffer;
}

export interface Frame {
  /** A PNG. */
  readonly picture: Buffer;
  readonly ms: number;
}

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** The colour types of a PNG that screenshots have, with the bytes of a pixel. */
const DEPTHS: Readonly<Record<number, number>> = { 2: 3, 6: 4 };

/** All frames must have one size. Each but the first holds only the area that changed. */
export function animate(frames: readonly Frame[]): Buffer {
  const pictures = frames.map(({ picture }) => decode(picture));
  const [first] = pictures;
  if (!first) throw new Error('An animation needs a frame.');
  let sequence = 0;
  const parts = pictures.flatMap((picture, i) => {
    const area = changedArea(pictures[i - 1], picture);
    const control = chunk('fcTL', controlOf(sequence++, area, frames[i]?.ms ?? 0));
    const data = deflateSync(crop(picture, area), { level: 9 });
    return [
      control,
      i === 0 ? chunk('IDAT', data) : chunk('fdAT', Buffer.concat([uint32(sequence++), data])),
    ];
  });
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', headerOf(first)),
    chunk('acTL', Buffer.concat([uint32(frames.length), uint32(0)])),
    ...parts,
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Reads what Chromium writes: 8 bits a channel, not interlaced. */
export function decode(png: Buffer): Picture {
  const chunks = readChunks(png);
  const header = chunks.find(({ type }) => type === 'IHDR')?.data ?? Buffer.alloc(13);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const depth = DEPTHS[header[9] ?? -1];
  if (depth === undefined || header[8] !== 8 || header[12] !== 0)
    throw new Error('The picture has another format.');
  const data = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map((one) => one.data));
  return { width, height, depth, pixels: unfilter(inflateSync(data), { width, height, depth }) };
}

function readChunks(png: Buffer): readonly { readonly type: string; readonly data: Buffer }[] {
  const chunks: { readonly type: string; readonly data: Buffer }[] = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.push({
      type: png.toString('latin1', at + 4, at + 8),
      data: png.subarray(at + 8, at + 8 + length),
    });
    at += length + 12;
  }
  return chunks;
}

/** Each row of a PNG begins with the way in which it is written as differences. */
function unfilter(raw: Buffer, { width, height, depth }: Omit<Picture, 'pixels'>): Buffer {
  const stride = width * depth;
  // A row of zeros above and a pixel of zeros on the left, as the format has it.
  let above = Buffer.alloc(stride + depth);
  const rows: Buffer[] = [];
  for (let row = 0; row < height; row += 1) {
    const start = row * (stride + 1);
    const line = Buffer.alloc(stride + depth);
    for (let i = 0; i < stride; i += 1) {
      const around = { above: above[i + depth] ?? 0, corner: above[i] ?? 0 };
      line[i + depth] = (raw[start + 1 + i] ?? 0) + predict(raw[start], line[i] ?? 0, around);
    }
    rows.push(line.subarray(depth));
    above = line;
  }
  return Buffer.concat(rows);
}

function predict(
  filter: number | undefined,
  left: number,
  { above, corner }: { readonly above: number; readonly corner: number },
): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return Math.floor((left + above) / 2);
  if (filter !== 4) return 0;
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

/** The smallest area outside of which two pictures are equal; at least one pixel. */
function changedArea(before: Picture | undefined, { width, height, depth, pixels }: Picture): Area {
  if (!before) return { x: 0, y: 0, width, height };
  const edges = { left: width - 1, right: 0, top: height - 1, bottom: 0 };
  for (let at = 0; at < pixels.length; at += depth) {
    if (pixels.compare(before.pixels, at, at + depth, at, at + depth) === 0) continue;
    const [x, y] = [(at / depth) % width, Math.floor(at / depth / width)];
    edges.left = Math.min(edges.left, x);
    edges.right = Math.max(edges.right, x);
    edges.top = Math.min(edges.top, y);
    edges.bottom = Math.max(edges.bottom, y);
  }
  const { left, right, top, bottom } = edges;
  if (right < left) return { x: 0, y: 0, width: 1, height: 1 };
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

function crop({ width, depth, pixels }: Picture, area: Area): Buffer {
  const rows = Array.from({ length: area.height }, (_, row) => {
    const from = ((area.y + row) * width + area.x) * depth;
    return [Buffer.from([0]), pixels.subarray(from, from + area.width * depth)];
  });
  return Buffer.concat(rows.flat());
}

function headerOf({ width, height, depth }: Picture): Buffer {
  return Buffer.concat([uint32(width), uint32(height), Buffer.from([8, depth === 3 ? 2 : 6, 0, 0, 0])]);
}

/** Shown for `ms`, over what was there. */
function controlOf(sequence: number, { x, y, width, height }: Area, ms: number): Buffer {
  const delay = Buffer.alloc(6);
  delay.writeUInt16BE(ms, 0);
  delay.writeUInt16BE(1000, 2);
  return Buffer.concat([...[sequence, width, height, x, y].map(uint32), delay]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([uint32(data.length), body, uint32(crc32(body))]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
