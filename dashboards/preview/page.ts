/** A dashboard with its data as one HTML page, to be photographed. */
import { type Board, uidOf } from '../board.ts';
import { boardWidth, layout, type Place, questionHeight } from '../layout.ts';
import { boardTitles } from '../list.ts';
import {
  type BarsPanel,
  columnTitle,
  type Panel,
  type SeriesPanel,
  type StatPanel,
  type TablePanel,
} from '../panel.ts';
import type { Answer } from '../run.ts';
import { colourOf, type Threshold } from '../thresholds.ts';
import { type Unit, units } from '../units.ts';
import { chart, colours, palette } from './chart.ts';
import { isText, linesOf } from './frame.ts';
import { escapeHtml } from './html.ts';

export interface PageTime {
  readonly fromMs: number;
  readonly toMs: number;
}

export const pageWidth = 1280;
const unitHeight = 28;
const gap = 6;

/** @param answers by panel; @param intervalOf the distance of points that the panel was asked with */
export function page(
  board: Board,
  answers: ReadonlyMap<Panel, Answer>,
  time: PageTime,
  intervalOf: (panel: Panel) => number,
  note: string,
): string {
  const placed = layout(board);
  const bottom = Math.max(
    ...placed.flatMap(({ place, panels }) => [place, ...panels.map(([, at]) => at)]).map(({ y, h }) => y + h),
  );
  const parts = placed.flatMap(({ row, place, panels }) => [
    `<div class="row" style="${boxOf(place)}">${escapeHtml(row.title)}</div>`,
    ...panels.map(([panel, at]) => {
      const size = { width: pixelsWide(at.w), height: pixelsHigh(at.h) };
      const answer = answers.get(panel);
      const body = answer ? bodyOf(panel, answer, size, time, intervalOf(panel)) : '';
      return `<div class="panel" style="${boxOf(at)}"><h2>${escapeHtml(panel.title)}</h2>${body}</div>`;
    }),
  ]);
  const when = `${new Date(time.fromMs).toISOString().slice(0, 16).replace('T', ' ')} to ${new Date(time.toMs).toISOString().slice(11, 16)} UTC`;
  return `<!doctype html><meta charset="utf-8"><title>${uidOf(board.name)}</title><style>${style}</style>
<body style="width:${pageWidth}px;height:${bottom * unitHeight + 44}px">
<header><b>${escapeHtml(board.title)}</b><span>${when}</span></header>
<main>${question(board)}${parts.join('\n')}</main>
<footer style="top:${bottom * unitHeight + 46}px">${escapeHtml(note)}</footer>`;
}

const cell = (pageWidth - 2 * gap) / boardWidth;
const pixelsWide = (w: number) => Math.round(w * cell - gap);
const pixelsHigh = (h: number) => h * unitHeight - gap;
const boxOf = ({ x, y, w, h }: Place) =>
  `left:${Math.round(gap + x * cell)}px;top:${y * unitHeight}px;width:${pixelsWide(w)}px;height:${pixelsHigh(h)}px`;

function question(board: Board): string {
  const next = board.next
    .map(
      ({ board: name, when }) => `${escapeHtml(when)}: <a>${escapeHtml(boardTitles.get(name) ?? name)}</a>`,
    )
    .join(' · ');
  return `<div class="question" style="${boxOf({ x: 0, y: 0, w: boardWidth, h: questionHeight })}">
<h1>${escapeHtml(board.question)}</h1><p>${escapeHtml(board.reading)} <i>Owner: ${escapeHtml(board.owner)}.</i></p><p>${next}</p></div>`;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function bodyOf(panel: Panel, answer: Answer, size: Size, time: PageTime, intervalMs: number): string {
  switch (panel.kind) {
    case 'stat':
      return statBody(panel, answer);
    case 'series':
      return seriesBody(panel, answer, size, time, intervalMs);
    case 'bars':
      return barsBody(panel, answer, size);
    case 'table':
      return tableBody(panel, answer, size);
  }
}

const nothing = (text: string) => `<div class="nothing">${escapeHtml(text)}</div>`;

function written(value: unknown, unit: Unit): string {
  if (value === null || value === undefined || value === '') return '–';
  // Pictures look at hours, not at days.
  if (unit === 'time') return String(value).slice(11, 19);
  return typeof value === 'number' ? units[unit].text(value) : String(value);
}

const coloured = (value: unknown, thresholds: readonly Threshold[] | undefined) =>
  typeof value === 'number' && thresholds ? `color:${colours[colourOf(value, thresholds)]}` : '';

function statBody(panel: StatPanel, { rows, columns }: Answer): string {
  const values = rows[0] ?? [];
  if (values.length === 0 || values.every((value) => value === null)) return nothing(panel.empty);
  return `<div class="stat">${values
    .map((value, index) => {
      const name = values.length > 1 ? `<small>${escapeHtml(columns[index]!.name)}</small>` : '';
      return `<span style="${coloured(value, panel.thresholds)}">${name}${escapeHtml(written(value, panel.unit))}</span>`;
    })
    .join('')}</div>`;
}

/** Most lines of one chart that have a name below it. */
const legendLimit = 9;

function seriesBody(
  panel: SeriesPanel,
  answer: Answer,
  size: Size,
  time: PageTime,
  intervalMs: number,
): string {
  const lines = linesOf(answer);
  if (answer.rows.length === 0) return nothing(panel.empty);
  const legend = lines
    .slice(0, legendLimit)
    .map(
      ({ name }, index) =>
        `<span><i style="background:${palette[index % palette.length]}"></i>${escapeHtml(name)}</span>`,
    )
    .join('');
  const box = { width: size.width - 12, height: size.height - 50, ...time, intervalMs };
  return `${chart(panel, lines, box)}<div class="legend">${legend}</div>`;
}

function barsBody(panel: BarsPanel, { rows, columns }: Answer, size: Size): string {
  if (rows.length === 0) return nothing(panel.empty);
  const text = columns.findIndex(({ type }) => isText(type));
  const number = columns.findIndex((_, index) => index !== text);
  const most = Math.max(...rows.map((row) => Number(row[number])), Number.MIN_VALUE);
  const fitting = Math.floor((size.height - 34) / 22);
  return `<div class="bars">${rows
    .slice(0, fitting)
    .map((row, index) => {
      const value = Number(row[number]);
      const colour = panel.thresholds ? colours[colourOf(value, panel.thresholds)] : palette[0];
      return `<div><span>${escapeHtml(String(row[text]))}</span><b><u style="width:${((100 * value) / most).toFixed(1)}%;background:${colour};opacity:${1 - 0.05 * index}"></u></b><em>${escapeHtml(written(value, panel.unit))}</em></div>`;
    })
    .join('')}</div>`;
}

/** Of a time without its date. */
const clockWidth = 76;

function tableBody(panel: TablePanel, { rows, columns }: Answer, size: Size): string {
  if (rows.length === 0) return nothing(panel.empty);
  const fitting = Math.floor((size.height - 52) / 21);
  const columnOf = (name: string) => panel.columns[name];
  const head = columns
    .map(({ name, type }) => {
      const column = columnOf(name);
      const pixels = column?.unit === 'time' ? clockWidth : column?.width;
      const width = pixels ? ` style="width:${pixels}px"` : '';
      return `<th class="${sideOf(type, column?.unit)}"${width}>${escapeHtml(columnTitle(name, column))}</th>`;
    })
    .join('');
  const body = rows
    .slice(0, fitting)
    .map((row) => {
      const cells = row.map((value, index) => {
        const { name, type } = columns[index]!;
        const column = columnOf(name);
        const shown = escapeHtml(written(value, column?.unit ?? panel.unit));
        const style = coloured(value, column?.thresholds);
        return `<td class="${sideOf(type, column?.unit)}" style="${style}">${column?.links ? `<a>${shown}</a>` : shown}</td>`;
      });
      return `<tr>${cells.join('')}</tr>`;
    })
    .join('');
  return `<table><tr>${head}</tr>${body}</table>`;
}

const sideOf = (type: string, unit: Unit | undefined) =>
  isText(type) || unit === 'time' || /Date/.test(type) ? 'l' : 'r';

const style = `
*{box-sizing:border-box;margin:0}
body{position:relative;background:#f1f3f5;color:${colours.text};font:13px/1.35 'DejaVu Sans','Liberation Sans',Arial,sans-serif}
header{height:30px;padding:6px 12px;display:flex;justify-content:space-between;background:#fff;border-bottom:1px solid #d9dee3}
header span{color:#57606a;font-size:12px}
main{position:absolute;top:38px;left:0}
main>div{position:absolute;overflow:hidden}
.question{padding:4px 10px}
.question h1{font-size:17px}
.question p{margin-top:4px;font-size:12px;color:#57606a}
.question a,td a{color:#1f5fbf}
.row{padding:4px 6px 0;font-weight:bold;font-size:12px;color:#3c444d}
.panel{background:#fff;border:1px solid #dfe3e7;border-radius:3px}
.panel h2{font-size:12px;padding:5px 8px 2px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.nothing{display:flex;height:calc(100% - 26px);align-items:center;justify-content:center;color:#8b949e;text-align:center;padding:0 12px}
.stat{display:flex;height:calc(100% - 26px);align-items:center;justify-content:space-around;font-size:30px;font-weight:600}
.stat small{display:block;font-size:11px;font-weight:normal;color:#57606a}
svg{display:block;margin-left:2px}
.grid{stroke:#e8ebee}
.tick{font-size:10.5px;fill:#6a737d}
.legend{display:flex;gap:12px;padding:1px 10px;font-size:11px;color:#3c444d;white-space:nowrap;overflow:hidden}
.legend i{display:inline-block;width:12px;height:3px;margin-right:5px;vertical-align:middle}
.bars{padding:2px 10px}
.bars div{display:flex;align-items:center;height:24px;gap:8px;font-size:12px}
.bars span{width:150px;text-align:right;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.bars b{flex:1;height:15px}
.bars u{display:block;height:15px}
.bars em{width:52px;font-style:normal}
table{border-collapse:collapse;width:100%;table-layout:fixed;font-size:11.5px}
th,td{padding:2px 8px;height:21px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;border-bottom:1px solid #eef0f2}
th{color:#57606a;font-weight:600}
.l{text-align:left}.r{text-align:right}
footer{position:absolute;left:12px;font-size:11px;color:#6a737d}
`;
