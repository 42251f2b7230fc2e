/** Rows of a series panel as lines: those of a text column `series`, or one per column of numbers. */
import type { Answer } from '../run.ts';

export interface Line {
  readonly name: string;
  /** Time (epoch ms) and value; null where nothing is known. */
  readonly points: readonly (readonly [number, number | null])[];
}

export const isText = (type: string) => /String/.test(type);

export function linesOf({ columns, rows }: Answer): Line[] {
  const text = columns.findIndex(({ type }, index) => index > 0 && isText(type));
  const numbers = columns
    .map((column, index) => ({ ...column, index }))
    .filter(({ index }) => index > 0 && index !== text);
  if (text >= 0) {
    const bySeries = Map.groupBy(rows, (row) => String(row[text]));
    return [...bySeries].map(([name, own]) => ({
      name,
      points: own.map((row) => point(row, numbers[0]!.index)),
    }));
  }
  return numbers.map(({ name, index }) => ({ name, points: rows.map((row) => point(row, index)) }));
}

function point(row: readonly unknown[], index: number): [number, number | null] {
  const value = row[index];
  return [Date.parse(String(row[0])), typeof value === 'number' ? value : null];
}
