/** A PNG of few colours that any reader reads. */
import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { palettePng } from '../../dashboards/preview/png.ts';

test('holds its size, its colours and every pixel', () => {
  const red = [255, 0, 0, 255];
  const white = [255, 255, 255, 255];
  const png = palettePng({
    width: 2,
    height: 2,
    rgba: Uint8Array.from([...white, ...white, ...white, ...red]),
  });
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2, 2]);
  const palette = png.indexOf('PLTE');
  // The commonest first; white stays white.
  expect([...png.subarray(palette + 4, palette + 10)]).toEqual([255, 255, 255, 255, 0, 0]);
  const data = png.indexOf('IDAT');
  expect([...inflateSync(png.subarray(data + 4, data + 4 + png.readUInt32BE(data - 4)))]).toEqual([
    0, 0, 0, 0, 0, 1,
  ]);
});

test('more than 256 colours become the nearest of the commonest', () => {
  const rgba = Uint8Array.from({ length: 4 * 1_024 }, (_, at) =>
    at % 4 === 3
      ? 255
      : at % 4 === 0
        ? 8 * (Math.floor(at / 4) % 32)
        : at % 4 === 1
          ? 8 * Math.floor(at / 128)
          : 0,
  );
  const png = palettePng({ width: 32, height: 32, rgba });
  expect(png.readUInt32BE(png.indexOf('PLTE') - 4)).toBe(3 * 256);
});
