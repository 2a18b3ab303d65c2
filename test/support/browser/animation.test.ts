import { deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { animate, decode } from './animation.ts';

type Pixel = readonly [number, number, number];

/** A PNG of one frame, which `animate` itself writes from pixels that a real decoder would give. */
function png(width: number, rows: readonly (readonly Pixel[])[], filter = 0): Buffer {
  const raw = rows.flatMap((row) => [filter, ...row.flat()]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(rows.length, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const part = (type: string, data: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  const data = deflateSync(Buffer.from(raw));
  return Buffer.concat([Buffer.alloc(8), part('IHDR', header), part('IDAT', data)]);
}

const RED: Pixel = [255, 0, 0];
const BLUE: Pixel = [0, 0, 255];

it.each([
  [0, [[RED, BLUE]], [255, 0, 0, 0, 0, 255]],
  [1, [[RED, [1, 0, 0]]], [255, 0, 0, 0, 0, 0]],
  [
    2,
    [
      [RED, RED],
      [BLUE, [1, 0, 0]],
    ],
    [255, 0, 0, 255, 0, 0, 255, 0, 255, 0, 0, 0],
  ],
  [
    3,
    [
      [
        [10, 0, 0],
        [5, 0, 0],
      ],
    ],
    [10, 0, 0, 10, 0, 0],
  ],
  [
    4,
    [
      [
        [10, 0, 0],
        [5, 0, 0],
      ],
      [
        [1, 0, 0],
        [1, 0, 0],
      ],
    ],
    [10, 0, 0, 15, 0, 0, 11, 0, 0, 16, 0, 0],
  ],
] as const)('reads rows that are written with filter %i', (filter, rows, expected) => {
  expect([...decode(png(2, rows, filter)).pixels]).toEqual(expected);
});

it('holds the first picture whole and of the next only what changed', () => {
  const before = [
    [RED, RED, RED],
    [RED, RED, RED],
  ];
  const after = [
    [RED, RED, RED],
    [RED, BLUE, RED],
  ];

  const animation = animate([
    { picture: png(3, before), ms: 500 },
    { picture: png(3, after), ms: 900 },
  ]);

  const [first, second] = [...animation.toString('latin1').matchAll(/fcTL/g)].map(({ index }) =>
    animation.subarray(index + 4, index + 26),
  );
  const read = (bytes: Buffer | undefined) => [1, 2, 3, 4].map((i) => bytes?.readUInt32BE(i * 4));
  expect(read(first)).toEqual([3, 2, 0, 0]);
  expect(read(second)).toEqual([1, 1, 1, 1]);
  expect(second?.readUInt16BE(20)).toBe(900);
});

it('refuses a picture of another format', () => {
  const interlaced = png(1, [[RED]]);
  interlaced[8 + 8 + 12] = 1;

  expect(() => decode(interlaced)).toThrow('The picture has another format.');
});
