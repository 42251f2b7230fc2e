/** The charts of one participant: one axis of time, one zoom, one cursor for all of them. */
import type { RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CallPage, SeriesAnswer } from '../../../contract.ts';
import { api } from '../api.ts';
import { clock, duration } from '../format.ts';
import { Failure } from '../parts/notice.tsx';
import { useThemeVersion } from '../parts/theme.tsx';
import type { Focus, Span } from './call-view.tsx';
import { Plot } from './plot.tsx';

interface Props {
  readonly innerRef: RefObject<HTMLElement | null>;
  readonly page: CallPage;
  readonly focus: Focus;
  readonly whole: Span;
  readonly onSpan: (span: Span | undefined) => void;
  readonly onPick: (participant: string, sender?: string) => void;
}

/** As many as a chart has pixels. */
export const points = 400;
/** While somebody zooms or drags, the newest wish counts. */
const settleMs = 60;

/** Keys of charts in the order of what one asks first; the rest keep their place. */
export function ChartsPanel({ innerRef, page, focus, whole, onSpan, onPick }: Props) {
  const [series, setSeries] = useState<SeriesAnswer>();
  const [other, setOther] = useState<SeriesAnswer>();
  const [compared, setCompared] = useState('');
  const [fault, setFault] = useState<unknown>();
  const theme = useThemeVersion();
  const span = focus.span ?? whole;
  const { participant, sender } = focus;
  const asked = useRef(0);

  useEffect(() => {
    if (participant === '') return;
    const control = new AbortController();
    const number = ++asked.current;
    const ask = (who: string, of: string) =>
      api.series(
        page.callId,
        { participant: who, sender: of, from: span.from, to: span.to, points },
        control.signal,
      );
    const timer = setTimeout(
      () => {
        Promise.all([ask(participant, sender), compared ? ask(compared, '') : undefined]).then(
          ([own, second]) => {
            if (number !== asked.current) return;
            setSeries(own);
            setOther(second);
            setFault(undefined);
          },
          (error: unknown) => {
            if (!control.signal.aborted) setFault(error);
          },
        );
      },
      series ? settleMs : 0,
    );
    return () => {
      control.abort();
      clearTimeout(timer);
    };
  }, [page.callId, participant, sender, compared, span.from, span.to]);

  const nameOf = (id: string) => page.people.find((p) => p.participantId === id)?.name ?? 'nobody';
  const zoom = (factor: number) => {
    const middle = (span.from + span.to) / 2;
    const half = ((span.to - span.from) / 2) * factor;
    onSpan({ from: middle - half, to: middle + half });
  };
  const move = (share: number) => {
    const length = span.to - span.from;
    const from = Math.min(Math.max(whole.from, span.from + share * length), whole.to - length);
    onSpan({ from, to: from + length });
  };
  const marks = useMemo(
    () =>
      page.incidents
        .filter((i) => i.participant_id === participant || i.affected.includes(participant))
        .map((i) => ({ from: i.started_at, to: i.ended_at ?? page.endedAt })),
    [page, participant],
  );
  const senders = page.people.filter((p) =>
    page.cells.some((c) => c.receiverId === participant && c.senderId === p.participantId),
  );

  return (
    <section
      class="card charts"
      aria-labelledby="charts-title"
      ref={innerRef}
      tabIndex={-1}
      onKeyDown={(event) => {
        if ((event.target as Element).tagName === 'SELECT') return;
        const keys: Record<string, () => void> = {
          '+': () => zoom(0.5),
          '-': () => zoom(2),
          ArrowLeft: () => move(-0.25),
          ArrowRight: () => move(0.25),
          '0': () => onSpan(undefined),
        };
        const deed = keys[event.key];
        if (!deed || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        deed();
      }}
    >
      <div class="card-head charts-head">
        <h2 id="charts-title">Charts</h2>
        <label>
          of{' '}
          <select value={participant} onChange={(event) => onPick(event.currentTarget.value)}>
            {page.people.map((p) => (
              <option key={p.participantId} value={p.participantId}>
                {p.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          receiving{' '}
          <select value={sender} onChange={(event) => onPick(participant, event.currentTarget.value)}>
            <option value="">everybody</option>
            {senders.map((p) => (
              <option key={p.participantId} value={p.participantId}>
                {p.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          beside{' '}
          <select value={compared} onChange={(event) => setCompared(event.currentTarget.value)}>
            <option value="">nobody</option>
            {page.people
              .filter((p) => p.participantId !== participant)
              .map((p) => (
                <option key={p.participantId} value={p.participantId}>
                  {p.name}
                </option>
              ))}
          </select>
        </label>
        <span class="span-told" role="status">
          {clock(span.from)} to {clock(span.to)} ({duration(span.to - span.from)})
        </span>
        {/* biome-ignore lint/a11y/useSemanticElements: a row of buttons, no form */}
        <div class="buttons" role="group" aria-label="Zoom">
          <button
            type="button"
            aria-label="Earlier"
            title="Earlier (←)"
            onClick={() => move(-0.25)}
            disabled={!focus.span}
          >
            ←
          </button>
          <button type="button" aria-label="Zoom in" title="Zoom in (+)" onClick={() => zoom(0.5)}>
            +
          </button>
          <button
            type="button"
            aria-label="Zoom out"
            title="Zoom out (−)"
            onClick={() => zoom(2)}
            disabled={!focus.span}
          >
            −
          </button>
          <button
            type="button"
            aria-label="Later"
            title="Later (→)"
            onClick={() => move(0.25)}
            disabled={!focus.span}
          >
            →
          </button>
          <button
            type="button"
            onClick={() => onSpan(undefined)}
            disabled={!focus.span}
            title="Whole call (0)"
          >
            All
          </button>
        </div>
      </div>
      {fault !== undefined && <Failure error={fault} />}
      <div class="plots" data-ready={series ? 'true' : 'false'} data-step={series?.stepMs}>
        {series
          ? series.charts.map((chart, index) => (
              <Plot
                key={chart.key}
                chart={chart}
                series={series}
                compared={other && { chart: other.charts[index]!, name: nameOf(compared) }}
                name={nameOf(participant)}
                span={span}
                marks={marks}
                theme={theme}
                onSpan={onSpan}
              />
            ))
          : Array.from({ length: 12 }, (_, index) => <div key={index} class="plot waiting" />)}
      </div>
    </section>
  );
}
