/** Places panels from left to right, a new line where the width of 24 is used up, each row of a board below the last. */
import type { Board, Row } from './board.ts';
import type { Panel } from './panel.ts';

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface PlacedRow {
  readonly row: Row;
  readonly place: Place;
  readonly panels: readonly (readonly [Panel, Place])[];
}

export const boardWidth = 24;
/** Of the question on top. */
export const questionHeight = 4;

/** @throws Error when a panel is wider than the board */
export function layout(board: Board): PlacedRow[] {
  let y = questionHeight;
  return board.rows.map((row) => {
    const place = { x: 0, y, w: boardWidth, h: 1 };
    y += 1;
    let x = 0;
    let lineHeight = 0;
    const panels = row.panels.map((panel): readonly [Panel, Place] => {
      if (panel.width > boardWidth) throw new Error(`"${panel.title}" is wider than a dashboard`);
      if (x + panel.width > boardWidth) {
        x = 0;
        y += lineHeight;
        lineHeight = 0;
      }
      const at = { x, y, w: panel.width, h: panel.height };
      x += panel.width;
      lineHeight = Math.max(lineHeight, panel.height);
      return [panel, at];
    });
    y += lineHeight;
    return { row, place, panels };
  });
}
