/**
 * Two participants side by side, of one call or of two: what was said of their calls, what they had, what they heard and
 * saw, and their charts one over the other, each counted from its own call's beginning. The address holds both.
 */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { CallPage, Person, SeriesAnswer } from '../../../contract.ts';
import { api } from '../api.ts';
import { Plot } from '../call/plot.tsx';
import { clock, day, duration, percent, score } from '../format.ts';
import { Failure } from '../parts/notice.tsx';
import { Words } from '../parts/text.tsx';
import { useThemeVersion } from '../parts/theme.tsx';
import { amend, onLink, type Place } from '../router.ts';
import { CallPicker } from './call-picker.tsx';

const points = 400;

interface Side {
  readonly page: CallPage;
  readonly person: Person;
}

export function CompareView({ place }: { place: Place }) {
  const [asked, setAsked] = useState(() => ({
    a: place.query.get('a') ?? '',
    b: place.query.get('b') ?? '',
    pa: place.query.get('pa') ?? '',
    pb: place.query.get('pb') ?? '',
  }));
  const first = useCall(asked.a);
  const second = useCall(asked.b);
  useEffect(() => {
    document.title = 'Compare – Callscope';
    amend(asked);
  }, [asked]);
  const left = sideOf(first.page, asked.pa);
  // Of one call, the second is by itself somebody else.
  const right = sideOf(
    second.page,
    asked.pb || otherThan(second.page, asked.a === asked.b ? left : undefined),
  );
  return (
    <main class="compare">
      <h1>Compare</h1>
      <div class="side-by-side">
        <SideCard
          title="First"
          loaded={first}
          side={left}
          other={asked.b}
          onCall={(a) => setAsked({ ...asked, a, pa: '' })}
          onPerson={(pa) => setAsked({ ...asked, pa })}
        />
        <SideCard
          title="Second"
          loaded={second}
          side={right}
          other={asked.a}
          onCall={(b) => setAsked({ ...asked, b, pb: '' })}
          onPerson={(pb) => setAsked({ ...asked, pb })}
        />
      </div>
      {left && right && <Figures left={left} right={right} />}
      {left && right && <Overlay left={left} right={right} />}
    </main>
  );
}

interface Loaded {
  readonly page: CallPage | undefined;
  readonly fault: unknown;
}

function useCall(callId: string): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ page: undefined, fault: undefined });
  useEffect(() => {
    setLoaded({ page: undefined, fault: undefined });
    if (callId === '') return;
    const control = new AbortController();
    api.call(callId, control.signal).then(
      (page) => setLoaded({ page, fault: undefined }),
      (fault: unknown) => {
        if (!control.signal.aborted) setLoaded({ page: undefined, fault });
      },
    );
    return () => control.abort();
  }, [callId]);
  return loaded;
}

/** Whoever is asked for, else whom the verdict is about, else the first. */
function sideOf(page: CallPage | undefined, participantId: string): Side | undefined {
  if (!page) return undefined;
  const of = (id: string | undefined) => page.people.find((p) => p.participantId === id);
  const person = of(participantId) ?? of(page.verdict.findings[0]?.participantId) ?? page.people[0];
  return person && { page, person };
}

const otherThan = (page: CallPage | undefined, side: Side | undefined): string =>
  side ? (page?.people.find((p) => p.participantId !== side.person.participantId)?.participantId ?? '') : '';

function SideCard(props: {
  title: string;
  loaded: Loaded;
  side: Side | undefined;
  /** The call on the other side; '' while there is none. */
  other: string;
  onCall: (callId: string) => void;
  onPerson: (participantId: string) => void;
}) {
  const { title, loaded, side } = props;
  const finding = side?.page.verdict.findings[0];
  return (
    <section class="card" aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
        {side && (
          <label>
            of{' '}
            <select
              value={side.person.participantId}
              onChange={(event) => props.onPerson(event.currentTarget.value)}
            >
              {side.page.people.map((p) => (
                <option key={p.participantId} value={p.participantId}>
                  {p.name}
                </option>
              ))}
            </select>
          </label>
        )}
        {side && (
          <button type="button" class="quiet" onClick={() => props.onCall('')}>
            Another call<span class="unseen"> as {title.toLowerCase()}</span>
          </button>
        )}
      </div>
      {loaded.fault !== undefined && <Failure error={loaded.fault} />}
      {side ? (
        <>
          <p>
            <a
              href={`/calls/${encodeURIComponent(side.page.callId)}?participant=${encodeURIComponent(side.person.participantId)}`}
              onClick={onLink}
            >
              {day(side.page.startedAt)} {clock(side.page.startedAt)}, {duration(lengthOf(side))}
            </a>{' '}
            <span class="soft">{side.page.people.map((p) => p.name).join(', ')}</span>
          </p>
          <p>
            <Words text={side.page.verdict.headline} /> {finding && <Words text={finding.why} />}
          </p>
        </>
      ) : (
        <>
          {props.other !== '' && (
            <button type="button" onClick={() => props.onCall(props.other)}>
              The same call
            </button>
          )}
          <CallPicker label={`${title} call`} onPick={props.onCall} />
        </>
      )}
    </section>
  );
}

const lengthOf = ({ page }: Side): number => page.endedAt - page.startedAt;

/** What one asks of a participant first; a difference that stands out is marked. */
const figures: readonly (readonly [string, (side: Side) => string])[] = [
  ['Heard, mean', ({ person }) => score(person.audio.mean)],
  ['Heard, worst minute', ({ person }) => score(person.audio.worstMinute)],
  ['Seen, mean', ({ person }) => score(person.video.mean)],
  ['Seen, worst minute', ({ person }) => score(person.video.worstMinute)],
  ['Bad time', ({ person }) => percent(person.badRatio)],
  ['Packets lost, all received', (side) => percent(meanOf(side, (cell) => cell.lossRatio))],
  [
    'Delay, all received',
    (side) => {
      const delay = meanOf(side, (cell) => cell.delayMs);
      return delay === null ? '–' : `${Math.round(delay)} ms`;
    },
  ],
  ['Issues', (side) => String(issuesOf(side))],
  ['People in the call', ({ page }) => String(page.people.length)],
  ['Browser', ({ person }) => person.browser || '–'],
  ['System', ({ person }) => person.platform || '–'],
  ['Region', ({ person }) => person.region || '–'],
  ['Network', ({ person }) => person.networkType || '–'],
  ['Media node', ({ person }) => person.sfuNodeId || '–'],
  [
    'Way',
    ({ person }) => {
      const way = person.ways.at(-1);
      return way ? `${way.localType || '?'} over ${way.relayProtocol || way.protocol || '?'}` : '–';
    },
  ],
];

function meanOf({ page, person }: Side, of: (cell: CallPage['cells'][number]) => number | null) {
  const known = page.cells
    .filter((cell) => cell.receiverId === person.participantId)
    .map(of)
    .filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

const issuesOf = ({ page, person }: Side): number =>
  page.incidents.filter(
    (i) => i.participant_id === person.participantId || i.affected.includes(person.participantId),
  ).length;

function Figures({ left, right }: { left: Side; right: Side }) {
  return (
    <section class="card" aria-labelledby="figures-title">
      <div class="card-head">
        <h2 id="figures-title">Side by side</h2>
      </div>
      <table class="plain compared">
        <thead>
          <tr>
            <th scope="col">
              <span class="unseen">What</span>
            </th>
            <th scope="col">{left.person.name}</th>
            <th scope="col">{right.person.name}</th>
          </tr>
        </thead>
        <tbody>
          {figures.map(([name, of]) => {
            const [a, b] = [of(left), of(right)];
            return (
              <tr key={name} class={a === b ? '' : 'differs'}>
                <th scope="row">{name}</th>
                <td>{a}</td>
                <td>{b}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Overlay({ left, right }: { left: Side; right: Side }) {
  const [series, setSeries] = useState<readonly [SeriesAnswer, SeriesAnswer]>();
  const [fault, setFault] = useState<unknown>();
  const theme = useThemeVersion();
  const lengthMs = Math.max(lengthOf(left), lengthOf(right));
  useEffect(() => {
    const control = new AbortController();
    const ask = ({ page, person }: Side) =>
      api.series(
        page.callId,
        {
          participant: person.participantId,
          sender: '',
          from: page.startedAt,
          to: page.startedAt + lengthMs,
          points,
        },
        control.signal,
      );
    Promise.all([ask(left), ask(right)]).then(
      (both) => {
        setSeries(both);
        setFault(undefined);
      },
      (error: unknown) => {
        if (!control.signal.aborted) setFault(error);
      },
    );
    return () => control.abort();
  }, [left.page.callId, left.person.participantId, right.page.callId, right.person.participantId]);
  const span = useMemo(
    () => ({ from: left.page.startedAt, to: left.page.startedAt + lengthMs }),
    [left.page.startedAt, lengthMs],
  );
  if (fault !== undefined) return <Failure error={fault} />;
  return (
    <section class="card charts" aria-labelledby="overlay-title">
      <div class="card-head">
        <h2 id="overlay-title">Charts</h2>
        <span class="soft">
          {left.person.name} as a line, {right.person.name} dashed
          {left.page.callId !== right.page.callId &&
            ', both from the beginning of their calls, on the first one’s clock'}
        </span>
      </div>
      <div class="plots" data-ready={series ? 'true' : 'false'}>
        {series?.[0].charts.map((chart, index) => (
          <Plot
            key={chart.key}
            chart={chart}
            series={series[0]}
            compared={{ chart: fitted(series[1].charts[index]!, series[0].steps), name: right.person.name }}
            name={left.person.name}
            span={span}
            marks={[]}
            theme={theme}
            onSpan={() => {}}
          />
        ))}
      </div>
    </section>
  );
}

/** Steps begin on whole multiples of their length, so that one of two may have one more. */
const fitted = (chart: SeriesAnswer['charts'][number], steps: number): SeriesAnswer['charts'][number] => ({
  ...chart,
  lines: chart.lines.map((line) => ({
    ...line,
    values: Array.from({ length: steps }, (_, i) => line.values[i] ?? null),
  })),
});
