/** Where the tiles go: the arrangement of n equal pictures that makes them largest. */

export interface GridFit {
  readonly columns: number;
  /** CSS pixels. */
  readonly tileWidth: number;
  readonly tileHeight: number;
}

/** Width over height of every tile, whatever its picture: the grid must not move when a camera starts. */
export const tileRatio = 16 / 9;

/**
 * @param tiles how many
 * @param width of the room for them, CSS pixels
 * @param height likewise
 * @param gap between tiles
 */
export function fitGrid(tiles: number, width: number, height: number, gap: number): GridFit {
  let best: GridFit = { columns: 1, tileWidth: 0, tileHeight: 0 };
  for (let columns = 1; columns <= Math.max(1, tiles); columns++) {
    const rows = Math.ceil(Math.max(1, tiles) / columns);
    const byWidth = (width - gap * (columns - 1)) / columns;
    const byHeight = ((height - gap * (rows - 1)) / rows) * tileRatio;
    const tileWidth = Math.max(0, Math.floor(Math.min(byWidth, byHeight)));
    if (tileWidth > best.tileWidth) {
      best = { columns, tileWidth, tileHeight: Math.floor(tileWidth / tileRatio) };
    }
  }
  return best;
}
