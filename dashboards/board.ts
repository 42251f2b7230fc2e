/** A dashboard as data: who answers for it, which question it answers, and its rows of panels. */
import type { Panel } from './panel.ts';

export interface Board {
  /** Part of its address: `callscope-<name>`. */
  readonly name: string;
  readonly title: string;
  /** Who keeps it right and is asked about it. */
  readonly owner: string;
  /** What one opens it for. */
  readonly question: string;
  /** How to read it, in a sentence or two. */
  readonly reading: string;
  /** Where to go next, and when. */
  readonly next: readonly NextBoard[];
  /** How far back it looks at first, as Grafana writes it. */
  readonly from: string;
  /** How often it is read again; '' for never. */
  readonly refresh: string;
  /** Choices at the top, beside the tenant, which every board has. */
  readonly variables: readonly VariableName[];
  readonly rows: readonly Row[];
}

export interface NextBoard {
  readonly board: string;
  readonly when: string;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export type VariableName = 'node' | 'call' | 'sample';

export const uidOf = (name: string) => `callscope-${name}`;

/** All panels of a board, in order. */
export const panelsOf = (board: Board): Panel[] => board.rows.flatMap(({ panels }) => panels);
