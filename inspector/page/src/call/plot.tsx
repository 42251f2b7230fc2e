/** One chart, drawn by uPlot. Pulling over it zooms all; a double click shows the whole call again. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Chart, SeriesAnswer } from '../../../contract.ts';
import { clock, shortClock } from '../format.ts';
import type { Span } from './call-view.tsx';

interface Props {
  readonly chart: Chart;
  readonly series: SeriesAnswer;
  readonly compared: { readonly chart: Chart; readonly name: string } | undefined;
  readonly name: string;
  readonly span: Span;
  readonly marks: readonly Span[];
  readonly theme: number;
  readonly onSpan: (span: Span | undefined) => void;
}

const height = 128;

export function Plot(props: Props) {
  const { chart, series, compared } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;

  // A chart is made anew when its lines or colours change, and fed when only numbers do.
  const shape = [chart.lines.map((l) => l.key).join(), compared?.name ?? '', props.theme].join('|');
  useEffect(() => {
    const element = host.current!;
    // Told the width by the observer: to ask for it would lay out the whole page anew for every chart.
    const sized = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry!.contentRect.width);
      if (width <= 0) return;
      if (!plot.current) {
        plot.current = new uPlot(optionsOf(element, width, latest), dataOf(latest.current), element);
      } else if (width !== plot.current.width) {
        plot.current.setSize({ width, height });
      }
    });
    sized.observe(element);
    return () => {
      sized.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape]);
  useEffect(() => {
    plot.current?.setData(dataOf(latest.current), false);
    plot.current?.setScale('x', { min: props.span.from / 1000, max: props.span.to / 1000 });
  }, [series, compared?.chart, props.span.from, props.span.to]);

  const empty = chart.lines.every((line) => line.values.every((value) => value === null));
  return (
    <figure class="plot" data-chart={chart.key}>
      <figcaption>
        <span>
          {chart.title} <span class="soft">{chart.unit}</span>
        </span>
        <span class="plot-legend">
          {chart.lines.map((line, index) => (
            <span key={line.key}>
              <i class={`line-${index}`} />
              {line.label}
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={host} class="plot-host" role="img" aria-label={told(chart, props.name)} />
      {empty && <p class="plot-empty">not measured in this span</p>}
    </figure>
  );
}

/** What one would say of the chart on the phone. */
function told(chart: Chart, name: string): string {
  const lines = chart.lines.map(({ label, values }) => {
    const known = values.filter((v) => v !== null);
    if (known.length === 0) return `${label} not measured`;
    const digits = (value: number) => Number(value.toPrecision(3));
    return `${label} from ${digits(Math.min(...known))} to ${digits(Math.max(...known))}`;
  });
  return `${chart.title} of ${name}, ${chart.unit}: ${lines.join('; ')}`;
}

function dataOf({ chart, series, compared }: Props): uPlot.AlignedData {
  const times = Array.from(
    { length: series.steps },
    (_, i) => (series.from + (i + 0.5) * series.stepMs) / 1000,
  );
  const own = chart.lines.map((line) => line.values as (number | null)[]);
  const others = compared?.chart.lines.map((line) => line.values as (number | null)[]) ?? [];
  return [times, ...own, ...others] as uPlot.AlignedData;
}

function optionsOf(element: HTMLElement, width: number, latest: { readonly current: Props }): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const lineColours = ['--line-0', '--line-1', '--line-2', '--line-3'].map(colour);
  const { chart, compared, span } = latest.current;
  const soft = colour('--soft');
  const grid = colour('--line');
  const axis = {
    stroke: soft,
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  const mos = chart.key === 'mos';
  return {
    width,
    height,
    padding: [6, 8, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'call', setSeries: false },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      bind: {
        dblclick: () => () => {
          latest.current.onSpan(undefined);
          return null;
        },
      },
    },
    scales: {
      x: { time: true, range: () => [latest.current.span.from / 1000, latest.current.span.to / 1000] },
      y: { range: mos ? () => [1, 5] : (_u, _min, max) => [0, niceTop(max)] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        space: 70,
        values: (_plot, times) =>
          times.map((t) => (span.to - span.from > 7_200_000 ? shortClock : clock)(t * 1000)),
      },
      { ...axis, size: 40, space: 24, ...(mos && { splits: () => [1, 2, 3, 4, 5] }) },
    ],
    series: [
      {},
      ...chart.lines.map(
        (line, index): uPlot.Series => ({
          label: line.label,
          stroke: lineColours[index]!,
          width: 1.75,
          points: { show: false },
          spanGaps: false,
        }),
      ),
      ...(compared?.chart.lines ?? []).map(
        (line, index): uPlot.Series => ({
          label: `${line.label} (${compared!.name})`,
          stroke: lineColours[index]!,
          width: 1.25,
          dash: [4, 3],
          points: { show: false },
        }),
      ),
    ],
    hooks: {
      setSelect: [
        (u) => {
          if (u.select.width < 4) return;
          const from = u.posToVal(u.select.left, 'x') * 1000;
          const to = u.posToVal(u.select.left + u.select.width, 'x') * 1000;
          u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          latest.current.onSpan({ from, to });
        },
      ],
      // Issues lie behind the lines.
      drawClear: [
        (u) => {
          u.ctx.fillStyle = colour('--issue-ground');
          for (const { from, to } of latest.current.marks) {
            const left = Math.max(u.bbox.left, u.valToPos(from / 1000, 'x', true));
            const right = Math.min(u.bbox.left + u.bbox.width, u.valToPos(to / 1000, 'x', true));
            if (right > left) u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
          }
        },
      ],
      setCursor: [(u) => readout(u, element, latest.current)],
    },
  };
}

const niceTop = (max: number | null): number =>
  max === null || !Number.isFinite(max) || max <= 0 ? 1 : max * 1.1;

/** The numbers under the cursor, in the chart's own corner. */
function readout(u: uPlot, element: HTMLElement, { chart }: Props): void {
  let box = element.querySelector<HTMLElement>('.readout');
  if (!box) {
    box = document.createElement('div');
    box.className = 'readout';
    element.append(box);
  }
  const index = u.cursor.idx;
  if (index === null || index === undefined || (u.cursor.left ?? -1) < 0) {
    box.textContent = '';
    return;
  }
  const time = u.data[0][index];
  const values = chart.lines.map((line, i) => {
    const value = u.data[i + 1]?.[index];
    return `${line.label} ${value === null || value === undefined ? '–' : Number(value.toPrecision(3))}`;
  });
  box.textContent = time === undefined ? '' : `${clock(time * 1000)}  ${values.join('   ')}`;
}
