import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fitGrid } from '../../../client/page/grid.ts';

/** What is left for tiles inside a 13-inch laptop's browser window. */
const laptop = [1248, 580] as const;

it.each([
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 2],
  [5, 3],
  [6, 3],
  [7, 3],
  [9, 3],
])('%i tiles stand in %i columns on a laptop', (tiles, columns) => {
  expect(fitGrid(tiles, ...laptop, 12).columns).toBe(columns);
});

it('puts tiles below each other on a phone', () => {
  expect(fitGrid(2, 360, 640, 12)).toMatchObject({ columns: 1, tileWidth: 360 });
});

it('never overflows the room it is given', () => {
  const size = fc.integer({ min: 0, max: 4000 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), size, size, (tiles, width, height) => {
      const { columns, tileWidth, tileHeight } = fitGrid(tiles, width, height, 12);
      if (tileWidth === 0) return;
      const rows = Math.ceil(tiles / columns);
      expect(columns * tileWidth + (columns - 1) * 12).toBeLessThanOrEqual(width);
      expect(rows * tileHeight + (rows - 1) * 12).toBeLessThanOrEqual(height);
    }),
  );
});
