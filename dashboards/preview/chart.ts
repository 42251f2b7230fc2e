/** A chart over time as SVG. */
import type { SeriesPanel } from '../panel.ts';
import type { Threshold } from '../thresholds.ts';
import { units } from '../units.ts';
import type { Line } from './frame.ts';
import { escapeHtml } from './html.ts';
import { clock, ticks, timeTicks } from './scale.ts';

export interface ChartBox {
  readonly width: number;
  readonly height: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
}

/** Told apart by most people who see few colours (after Okabe and Ito). */
export const palette = [
  '#2f6fd0',
  '#e07b28',
  '#1f9d76',
  '#b25fb8',
  '#b89b00',
  '#35a7c4',
  '#c9453a',
  '#7d8590',
];
export const colours = {
  green: '#1f8a4c',
  orange: '#d9822b',
  red: '#c9302c',
  blue: '#2f6fd0',
  text: '#1f2328',
};

const margin = { left: 58, right: 10, top: 8, bottom: 20 };

export function chart(panel: SeriesPanel, lines: readonly Line[], box: ChartBox): string {
  const inner = { w: box.width - margin.left - margin.right, h: box.height - margin.top - margin.bottom };
  const stacked = panel.style !== 'lines';
  const [low, high] = rangeOf(panel, lines, stacked);
  const x = (ms: number) => margin.left + ((ms - box.fromMs) / (box.toMs - box.fromMs)) * inner.w;
  const y = (value: number) => margin.top + (1 - (value - low) / (high - low || 1)) * inner.h;
  const n = (value: number) => value.toFixed(1);
  const parts: string[] = [];

  for (const value of ticks(low, high, Math.max(2, Math.floor(inner.h / 34)))) {
    parts.push(
      `<line class="grid" x1="${margin.left}" x2="${box.width - margin.right}" y1="${n(y(value))}" y2="${n(y(value))}"/>`,
      `<text class="tick" x="${margin.left - 6}" y="${n(y(value) + 4)}" text-anchor="end">${escapeHtml(units[panel.unit].text(value))}</text>`,
    );
  }
  for (const ms of timeTicks(box.fromMs, box.toMs, Math.floor(inner.w / 70))) {
    parts.push(
      `<text class="tick" x="${n(x(ms))}" y="${box.height - 5}" text-anchor="middle">${clock(ms)}</text>`,
    );
  }
  for (const line of limits(panel.thresholds, low, high)) {
    parts.push(
      `<line stroke="${colours[line.colour]}" stroke-dasharray="5 4" x1="${margin.left}" x2="${box.width - margin.right}" y1="${n(y(line.at))}" y2="${n(y(line.at))}"/>`,
    );
  }
  parts.push(
    ...(stacked
      ? stackedBars(lines, box, inner.w, x, y)
      : lines.map((line, index) => {
          const path = pathOf(line, box.intervalMs, x, y);
          return `<path fill="none" stroke="${palette[index % palette.length]}" stroke-width="1.6" stroke-linejoin="round" d="${path}"/>`;
        })),
  );
  return `<svg width="${box.width}" height="${box.height}" viewBox="0 0 ${box.width} ${box.height}">${parts.join('')}</svg>`;
}

/** Holds every point, and what the panel says of its ends; an objective just outside is brought into sight. */
function rangeOf(panel: SeriesPanel, lines: readonly Line[], stacked: boolean): [number, number] {
  const values = lines.flatMap(({ points }) =>
    points.flatMap(([, value]) => (value === null ? [] : [value])),
  );
  const sums = new Map<number, number>();
  if (stacked)
    for (const { points } of lines)
      for (const [ms, value] of points) sums.set(ms, (sums.get(ms) ?? 0) + (value ?? 0));
  const all = stacked ? [...sums.values()] : values;
  // Extremes by loop: a spread of many thousand points is too many arguments.
  let least = all.length > 0 ? Number.POSITIVE_INFINITY : 0;
  let most = all.length > 0 ? Number.NEGATIVE_INFINITY : 1;
  for (const value of all) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const low = panel.min ?? least - 0.05 * (most - least || 1);
  const wanted = Math.max(most, ...limits(panel.thresholds, low, 1.6 * most).map(({ at }) => at));
  const high = panel.max ?? wanted + 0.05 * (wanted - low || 1);
  return [Math.min(low, high - 1e-9), high];
}

/** Where the colour changes, within sight. */
function limits(thresholds: readonly Threshold[] | undefined, low: number, high: number) {
  return (thresholds ?? []).flatMap(({ from, colour }, index, all) => {
    if (from === null || from <= low || from > high) return [];
    // The line has the worse of the two colours that meet there.
    const below = all[index - 1]!.colour;
    const rising = below === 'green' || below === 'text';
    return [{ at: from, colour: rising ? colour : below }];
  });
}

/** Broken where points are missing. */
function pathOf(
  line: Line,
  intervalMs: number,
  x: (ms: number) => number,
  y: (value: number) => number,
): string {
  let path = '';
  let last = Number.NEGATIVE_INFINITY;
  for (const [ms, value] of line.points) {
    if (value === null) continue;
    const joined = ms - last <= 2.5 * intervalMs;
    path += `${joined ? 'L' : 'M'}${x(ms).toFixed(1)} ${y(value).toFixed(1)}`;
    // A point between two gaps is seen all the same.
    if (!joined) path += 'h0.8';
    last = ms;
  }
  return path;
}

function stackedBars(
  lines: readonly Line[],
  box: ChartBox,
  innerWidth: number,
  x: (ms: number) => number,
  y: (value: number) => number,
): string[] {
  const width = Math.max(1.2, (innerWidth * box.intervalMs) / (box.toMs - box.fromMs) - 0.8);
  const base = new Map<number, number>();
  return lines.map((line, index) => {
    let path = '';
    for (const [ms, value] of line.points) {
      if (!value) continue;
      const from = base.get(ms) ?? 0;
      base.set(ms, from + value);
      path += `M${x(ms).toFixed(1)} ${y(from).toFixed(1)}V${y(from + value).toFixed(1)}h${width.toFixed(1)}V${y(from).toFixed(1)}z`;
    }
    return `<path fill="${palette[index % palette.length]}" d="${path}"/>`;
  });
}
