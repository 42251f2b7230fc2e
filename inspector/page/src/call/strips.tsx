/**
 * A strip per participant: what they heard and saw over the whole call, with issues, decisions and connection events on
 * it. Drag over a strip to look closer; the part that the charts show is framed.
 */
import { useEffect, useRef } from 'preact/hooks';
import type { CallEvent, CallPage, Person } from '../../../contract.ts';
import { clock, shortClock, words } from '../format.ts';
import { useThemeVersion } from '../parts/theme.tsx';
import { gradeColours, gradeOf } from '../quality.ts';
import type { Focus, Span } from './call-view.tsx';

interface Props {
  readonly page: CallPage;
  readonly focus: Focus;
  readonly onPick: (participant: string) => void;
  readonly onSpan: (span: Span | undefined) => void;
  readonly onFinding: (index: number) => void;
}

/** Events worth a mark: connections and devices, not the small talk. */
const marked: Record<string, (event: CallEvent) => string | undefined> = {
  'rtc.ice.state': ({ attributes }) =>
    ['disconnected', 'failed'].includes(attributes.state ?? '') ? `ICE ${attributes.state}` : undefined,
  'rtc.connection.state': ({ attributes }) =>
    ['disconnected', 'failed'].includes(attributes.state ?? '')
      ? `connection ${attributes.state}`
      : undefined,
  'rtc.ice.pair_changed': ({ attributes }) =>
    `takes the way ${attributes.local_type || '?'} to ${attributes.remote_type || '?'} over ${attributes.protocol || '?'}`,
  'rtc.media.error': ({ attributes }) => `device not given: ${attributes.name || 'no reason told'}`,
  'rtc.source.toggled': ({ attributes }) =>
    `${attributes.source || 'source'} ${attributes.enabled === 'true' ? 'on' : 'off'}`,
  'rtc.uplink.thinned': ({ attributes }) =>
    attributes.thin === 'true' ? 'own line holds next to nothing: sends less' : 'sends as usual again',
  'rtc.uplink.probed': ({ attributes }) =>
    `asks its line what it holds, taken for ${Math.round(Number(attributes.estimate_bps) / 1000)} kbit/s`,
  'rtc.participant.joined': () => 'joined',
  'rtc.participant.left': () => 'left',
  'rtc.signaling.state': ({ attributes }) =>
    attributes.state === 'connected' ? undefined : `signaling ${attributes.state}`,
};

export function Strips(props: Props) {
  const { page, focus, onSpan } = props;
  const span = page.endedAt - page.startedAt;
  return (
    <section class="card strips" aria-labelledby="strips-title">
      <div class="card-head">
        <h2 id="strips-title">Quality over time</h2>
        <p class="soft hint">
          <i class="mark issue" /> issue <i class="mark decision" /> decision <i class="mark event" />{' '}
          connection, device or line. Drag to look closer.
        </p>
        <button type="button" disabled={!focus.span} onClick={() => onSpan(undefined)}>
          Whole call
        </button>
      </div>
      <div class="strip-rows">
        {page.people.map((person) => (
          <StripRow key={person.participantId} person={person} {...props} />
        ))}
      </div>
      <div class="strip-axis" aria-hidden="true">
        <span />
        <div>
          {[0, 0.25, 0.5, 0.75, 1].map((share) => (
            <time key={share} style={{ left: `${share * 100}%` }}>
              {(span < 3_600_000 ? clock : shortClock)(page.startedAt + share * span)}
            </time>
          ))}
        </div>
      </div>
    </section>
  );
}

function StripRow({ person, page, focus, onPick, onSpan, onFinding }: Props & { person: Person }) {
  const { from, stepMs, rows } = page.strips;
  const span = page.endedAt - page.startedAt;
  const id = person.participantId;
  const place = (time: number) =>
    `${(Math.min(1, Math.max(0, (time - page.startedAt) / span)) * 100).toFixed(2)}%`;
  const values = (kind: 'audio' | 'video') =>
    rows.find((r) => r.participantId === id && r.kind === kind)?.mos ?? [];
  const audio = values('audio');
  const video = values('video');
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useThemeVersion();
  useEffect(() => {
    if (canvas.current)
      draw(canvas.current, [audio, video], (stepMs * Math.max(audio.length, video.length)) / span);
  }, [page, theme]);
  const issues = page.incidents.filter(
    (i) => i.participant_id === id || (i.participant_id === '' && i.affected.includes(id)),
  );
  const decisions = page.decisions.filter((d) => d.participant_id === id && d.applied_at !== null);
  const marks = page.events.flatMap((event) => {
    const told = event.participantId === id ? marked[event.name]?.(event) : undefined;
    return told === undefined ? [] : [{ time: event.time, told }];
  });
  const worst = (scores: readonly (number | null)[]) => {
    const known = scores.filter((s) => s !== null);
    return known.length === 0 ? 'no score' : `worst ${Math.min(...known).toFixed(1)}`;
  };
  return (
    <div class={`strip-row${focus.participant === id ? ' chosen' : ''}`}>
      <button
        type="button"
        class="strip-name"
        aria-pressed={focus.participant === id}
        onClick={() => onPick(id)}
      >
        {person.name}
      </button>
      <Brush
        span={{ from: page.startedAt, to: page.endedAt }}
        onSpan={(s) => {
          onPick(id);
          onSpan(s);
        }}
      >
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${person.name}: heard, ${worst(audio)}; seen, ${worst(video)}; from ${clock(from)}`}
        />
        {focus.span && (
          <span
            class="window"
            style={{ left: place(focus.span.from), right: `calc(100% - ${place(focus.span.to)})` }}
          />
        )}
        {marks.slice(0, 200).map(({ time, told }, index) => (
          <i
            key={`${time} ${index}`}
            class="mark event"
            style={{ left: place(time) }}
            title={`${clock(time)} ${told}`}
          />
        ))}
        {decisions.map((d) => (
          <i
            key={d.decision_id}
            class="mark decision"
            style={{ left: place(d.applied_at!) }}
            title={`${clock(d.applied_at!)} decision: ${words(d.kind)}${d.outcome ? `, ${d.outcome}` : ''}`}
          />
        ))}
        {issues.map((issue) => {
          const finding = page.verdict.findings.findIndex((f) => f.incidentIds.includes(issue.incident_id));
          const told = `${words(issue.kind)}, ${issue.severity}, ${clock(issue.started_at)} to ${issue.ended_at ? clock(issue.ended_at) : 'now'}`;
          return (
            <button
              key={issue.incident_id}
              type="button"
              class={`issue-bar ${issue.severity}`}
              style={{
                left: place(issue.started_at),
                right: `calc(100% - ${place(issue.ended_at ?? page.endedAt)})`,
              }}
              title={told}
              aria-label={`${person.name}: ${told}`}
              onClick={() => finding >= 0 && onFinding(finding)}
            />
          );
        })}
      </Brush>
    </div>
  );
}

/** Choosing a span by pulling over it; by keyboard the charts have buttons for the same. */
function Brush(props: { span: Span; onSpan: (span: Span) => void; children: preact.ComponentChildren }) {
  const area = useRef<HTMLDivElement>(null);
  const shade = useRef<HTMLSpanElement>(null);
  const start = useRef<number | undefined>(undefined);
  const share = (event: PointerEvent) => {
    const box = area.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const show = (a: number, b: number) => {
    const style = shade.current!.style;
    style.left = `${Math.min(a, b) * 100}%`;
    style.width = `${Math.abs(a - b) * 100}%`;
  };
  return (
    <div
      ref={area}
      class="strip"
      onPointerDown={(event) => {
        if (event.button !== 0 || (event.target as Element).tagName === 'BUTTON') return;
        start.current = share(event);
        area.current!.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (start.current !== undefined) show(start.current, share(event));
      }}
      onPointerUp={(event) => {
        if (start.current === undefined) return;
        const [a, b] = [start.current, share(event)].sort((x, y) => x - y) as [number, number];
        start.current = undefined;
        show(0, 0);
        const { from, to } = props.span;
        if (b - a > 0.01) props.onSpan({ from: from + a * (to - from), to: from + b * (to - from) });
      }}
    >
      {props.children}
      <span ref={shade} class="shade" />
    </div>
  );
}

function draw(
  canvas: HTMLCanvasElement,
  rows: readonly (readonly (number | null)[])[],
  covered: number,
): void {
  const colours = gradeColours();
  const steps = Math.max(1, ...rows.map((row) => row.length));
  const rowHeight = 10;
  canvas.width = steps * 4;
  canvas.height = rows.length * rowHeight;
  const context = canvas.getContext('2d')!;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const width = canvas.width / steps / Math.max(1, covered);
  rows.forEach((row, line) => {
    row.forEach((mos, step) => {
      context.fillStyle = colours[gradeOf(mos)];
      context.fillRect(step * width, line * rowHeight + (line > 0 ? 1 : 0), width + 0.5, rowHeight - 1);
    });
  });
}
