/**
 * Panels as data. Grafana's JSON (grafana/) and the pictures in the docs (preview/) are both made from them, and the
 * tests run each one's query. A new panel is one call of one of the four functions.
 */
import type { Threshold } from './thresholds.ts';
import type { Unit } from './units.ts';

interface Described {
  readonly title: string;
  /** What it shows, how to read it, and what to do when it is bad. */
  readonly description: string;
  readonly sql: string;
  /** Of all numbers that have no column of their own. */
  readonly unit: Unit;
  /** Columns of 24. */
  readonly width: number;
  /** Rows of 30 px. */
  readonly height: number;
  readonly thresholds?: readonly Threshold[] | undefined;
  /** What an empty result means. */
  readonly empty: string;
}

/** One number, or a few side by side: one row, each column a number named as it shall be shown. */
export interface StatPanel extends Described {
  readonly kind: 'stat';
}

/** Lines over time: the first column is the time; then numbers, or one text column `series` and one number. */
export interface SeriesPanel extends Described {
  readonly kind: 'series';
  readonly style: 'lines' | 'bars' | 'areas';
  /** Shortest distance of points, as Grafana writes it: what the tables hold. */
  readonly interval: string;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** Horizontal bars: one text column and one number. */
export interface BarsPanel extends Described {
  readonly kind: 'bars';
}

export interface TablePanel extends Described {
  readonly kind: 'table';
  /** By the name of the column in the result; those that are not named are text. */
  readonly columns: Readonly<Record<string, Column>>;
}

export interface Column {
  /** @default the name with spaces */
  readonly title?: string;
  readonly unit?: Unit;
  readonly thresholds?: readonly Threshold[];
  /** Where a click on the value leads. */
  readonly links?: readonly ColumnLink[];
  /** Pixels. @default what is left, in equal parts */
  readonly width?: number;
}

export interface ColumnLink {
  readonly title: string;
  readonly url: string;
}

export type Panel = StatPanel | SeriesPanel | BarsPanel | TablePanel;

type Given<P extends Described, Defaulted extends keyof P> = Omit<P, 'kind' | Defaulted> &
  Partial<Pick<P, Defaulted>>;

const empty = 'Nothing in this time range';

export const stat = (panel: Given<StatPanel, 'width' | 'height' | 'empty'>): StatPanel => ({
  width: 4,
  height: 4,
  empty: 'no data',
  ...panel,
  kind: 'stat',
});

export const series = (
  panel: Given<SeriesPanel, 'width' | 'height' | 'style' | 'interval' | 'empty'>,
): SeriesPanel => ({
  width: 12,
  height: 8,
  style: 'lines',
  interval: '1m',
  empty,
  ...panel,
  kind: 'series',
});

export const bars = (panel: Given<BarsPanel, 'width' | 'height' | 'empty'>): BarsPanel => ({
  width: 8,
  height: 8,
  empty,
  ...panel,
  kind: 'bars',
});

export const table = (panel: Given<TablePanel, 'width' | 'height' | 'unit' | 'empty'>): TablePanel => ({
  width: 24,
  height: 9,
  unit: 'none',
  empty,
  ...panel,
  kind: 'table',
});

/** The title of a table's column. */
export const columnTitle = (name: string, column?: Column) => column?.title ?? name.replaceAll('_', ' ');
