/**
 * Pixels as a PNG of at most 256 colours (W3C PNG, colour type 3): a third of the size of Chromium's own, which has
 * full colour that charts and text do not need.
 */
import { crc32, deflateSync } from 'node:zlib';

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and alpha of each, row by row. */
  readonly rgba: Uint8Array;
}

const mostColours = 256;

export function palettePng({ width, height, rgba }: Pixels): Buffer {
  const count = width * height;
  const keys = new Uint16Array(count);
  const found = new Map<number, number>();
  for (let at = 0; at < count; at += 1) {
    // Five bits of each colour: shades that nobody tells apart become one.
    const key = ((rgba[4 * at]! >> 3) << 10) | ((rgba[4 * at + 1]! >> 3) << 5) | (rgba[4 * at + 2]! >> 3);
    keys[at] = key;
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  const palette = [...found]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, mostColours)
    .map(([key]) => key);
  const indexOf = new Map<number, number>();
  for (const key of found.keys()) indexOf.set(key, nearest(key, palette));

  // Each row begins with its filter; none is best for few colours.
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rows[y * (width + 1) + 1 + x] = indexOf.get(keys[y * width + x]!)!;
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  // Eight bits a pixel, indexed.
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('PLTE', Buffer.from(palette.flatMap(colour))),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The colour in eight bits each, white staying white. */
const colour = (key: number) =>
  [key >> 10, (key >> 5) & 31, key & 31].map((five) => (five << 3) | (five >> 2));

function nearest(key: number, palette: readonly number[]): number {
  const wanted = colour(key);
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, candidate] of palette.entries()) {
    if (candidate === key) return index;
    const distance = colour(candidate).reduce((sum, value, at) => sum + (value - wanted[at]!) ** 2, 0);
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

function chunk(name: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
