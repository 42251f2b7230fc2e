/** One call: why was it bad, and the proof. The address holds what is looked at: participant, span, sender. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CallPage, Finding, SessionAnswer } from '../../../contract.ts';
import { api } from '../api.ts';
import { clock, duration, longDate } from '../format.ts';
import { Failure } from '../parts/notice.tsx';
import { amend, go, onLink } from '../router.ts';
import { ChartsPanel, points } from './charts-panel.tsx';
import { DetailsPanel } from './details-panel.tsx';
import { EventsPanel } from './events-panel.tsx';
import { JoinPanel } from './join-panel.tsx';
import { Matrix } from './matrix.tsx';
import { PathPicture } from './path-picture.tsx';
import { SamplesPanel } from './samples-panel.tsx';
import { Strips } from './strips.tsx';
import { VerdictCard } from './verdict-card.tsx';

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What is looked at. */
export interface Focus {
  readonly participant: string;
  /** Of whom; '' for everybody. */
  readonly sender: string;
  /** undefined: the whole call, however long it gets. */
  readonly span: Span | undefined;
}

export function CallView(props: { callId: string; known: CallPage | undefined; session: SessionAnswer }) {
  const { callId, session } = props;
  const [page, setPage] = useState(props.known);
  const [fault, setFault] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    if (props.known) return;
    const control = new AbortController();
    api.call(callId, control.signal).then(
      (fresh) => {
        // The charts' numbers are on their way while all else is drawn.
        const { participant, sender, span } = focusInAddress(fresh);
        const { from, to } = span ?? wholeOf(fresh);
        if (participant !== '') api.seriesAhead(callId, { participant, sender, from, to, points });
        setPage(fresh);
        setFault(undefined);
      },
      (error: unknown) => {
        if (!control.signal.aborted) setFault(error);
      },
    );
    return () => control.abort();
  }, [callId, attempt]);

  useLive(callId, page?.live === true, () => void api.call(callId).then(setPage, () => {}));

  if (fault !== undefined && !page) {
    return (
      <main class="narrow">
        <Failure error={fault} again={() => setAttempt(attempt + 1)} />
      </main>
    );
  }
  if (!page) return <Waiting />;
  const renew = () => void api.call(callId).then(setPage, setFault);
  return <Call page={page} session={session} renew={renew} />;
}

/** Renews the page whenever the service says that something changed, while the call goes on. */
function useLive(callId: string, live: boolean, onChange: () => void): void {
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => {
    if (!live) return;
    const source = new EventSource(api.liveUrl(callId));
    source.addEventListener('changed', () => latest.current());
    // That a call has ended is told by nothing new: one look now and then.
    const timer = setInterval(() => latest.current(), 30_000);
    return () => {
      source.close();
      clearInterval(timer);
    };
  }, [callId, live]);
}

function Waiting() {
  return (
    <main class="call" aria-busy="true">
      <div class="card verdict waiting" />
      <div class="card waiting tall" />
    </main>
  );
}

const wholeOf = ({ startedAt, endedAt }: CallPage): Span => ({ from: startedAt, to: endedAt });

function focusInAddress(page: CallPage): Focus {
  const query = new URLSearchParams(location.search);
  const asked = query.get('participant') ?? '';
  const from = Number(query.get('from'));
  const to = Number(query.get('to'));
  const worst = page.verdict.findings[0];
  const known = (id: string | undefined) => page.people.some((p) => p.participantId === id);
  const participant = known(asked)
    ? asked
    : ([lookAt(worst), page.people[0]?.participantId].find((id) => known(id)) ?? '');
  return {
    participant,
    sender: query.get('sender') ?? '',
    span: from > 0 && to > from ? { from, to } : undefined,
  };
}

/** Whose charts show it: of what one sends badly, a receiver's; of what one receives badly, one's own. */
function lookAt(finding: Finding | undefined): string | undefined {
  return finding?.participantId || finding?.concerns[0];
}

function Call({ page, session, renew }: { page: CallPage; session: SessionAnswer; renew: () => void }) {
  const [focus, setFocus] = useState(() => focusInAddress(page));
  const [chosen, setChosen] = useState(0);
  const charts = useRef<HTMLElement>(null);
  const finding: Finding | undefined = page.verdict.findings[chosen];
  const whole: Span = useMemo(() => wholeOf(page), [page.startedAt, page.endedAt]);

  useEffect(() => {
    const names = page.people.map((p) => p.name).join(', ');
    document.title = `${names || page.callId} – Callscope`;
  }, [page]);
  useEffect(() => {
    amend({
      participant: focus.participant,
      sender: focus.sender,
      from: focus.span ? String(Math.round(focus.span.from)) : '',
      to: focus.span ? String(Math.round(focus.span.to)) : '',
    });
  }, [focus]);

  const setSpan = useCallback(
    (span: Span | undefined) => setFocus((now) => ({ ...now, span: span && clipped(span, whole) })),
    [whole],
  );
  const pick = useCallback(
    (participant: string, sender = '') => setFocus((now) => ({ ...now, participant, sender })),
    [],
  );
  const mayErase = page.origin === 'store' && session.role === 'admin' && !page.live;
  const onErased = (gone: string) => {
    pick(page.people.find((p) => p.participantId !== gone)?.participantId ?? '');
    renew();
  };
  const showFinding = (index: number) => {
    const found = page.verdict.findings[index]!;
    setChosen(index);
    const end = found.to ?? page.endedAt;
    const margin = Math.max(15_000, (end - found.from) * 0.5);
    const participant = lookAt(found) ?? focus.participant;
    setFocus({
      participant,
      sender: '',
      span: clipped({ from: found.from - margin, to: end + margin }, whole),
    });
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    charts.current?.scrollIntoView({ block: 'start', behavior: calm ? 'instant' : 'smooth' });
    charts.current?.focus({ preventScroll: true });
  };

  return (
    <main class="call">
      <CallHead page={page} session={session} />
      <VerdictCard page={page} chosen={chosen} onChoose={setChosen} onShow={showFinding} />
      <div class="side-by-side">
        <PathPicture page={page} finding={finding} />
        <Matrix page={page} focus={focus} onPick={pick} />
      </div>
      <Strips page={page} focus={focus} onPick={pick} onSpan={setSpan} onFinding={showFinding} />
      <ChartsPanel innerRef={charts} page={page} focus={focus} whole={whole} onSpan={setSpan} onPick={pick} />
      <div class="side-by-side">
        <JoinPanel page={page} participant={focus.participant} />
        <DetailsPanel
          page={page}
          participant={focus.participant}
          onPick={pick}
          onErased={mayErase ? onErased : undefined}
        />
      </div>
      <EventsPanel page={page} participant={focus.participant} />
      <SamplesPanel page={page} focus={focus} whole={whole} />
    </main>
  );
}

function clipped({ from, to }: Span, whole: Span): Span | undefined {
  const start = Math.max(whole.from, from);
  const end = Math.min(whole.to, to);
  // Less than some samples show nothing.
  if (end - start < 5_000)
    return { from: Math.max(whole.from, start - 5_000), to: Math.min(whole.to, end + 5_000) };
  return start <= whole.from && end >= whole.to ? undefined : { from: start, to: end };
}

const origins: Record<CallPage['origin'], string> = {
  store: '',
  'webrtc-internals': 'a webrtc-internals dump',
  rtcstats: 'an rtcstats dump',
  callscope: 'an export of Callscope',
};

function CallHead({ page, session }: { page: CallPage; session: SessionAnswer }) {
  const stored = page.origin === 'store';
  const [fault, setFault] = useState<unknown>();
  const erase = async () => {
    const sure = confirm(
      'Erase this call? Everything that was measured and said of it will be gone for good.',
    );
    if (!sure) return;
    try {
      await api.erase(page.callId);
      go('/');
    } catch (error) {
      setFault(error);
    }
  };
  return (
    <div class="call-head">
      <div>
        <h1>
          {page.people
            .map((p) => p.name)
            .slice(0, 6)
            .join(', ') || page.callId}
        </h1>
        <p class="soft">
          {longDate(page.startedAt)}, {clock(page.startedAt)} to{' '}
          {page.live ? <b class="live">live</b> : clock(page.endedAt)} ·{' '}
          {duration(page.endedAt - page.startedAt)}
          {page.roomId && <> · room {page.roomId}</>} ·{' '}
          {stored ? <code title="Call id">{page.callId}</code> : <>from {origins[page.origin]}, not stored</>}
        </p>
      </div>
      <div class="actions">
        {stored && (
          <a class="button" href={api.exportUrl(page.callId)} download>
            Export
          </a>
        )}
        {stored && (
          <a class="button" href={`/compare?a=${encodeURIComponent(page.callId)}`} onClick={onLink}>
            Compare
          </a>
        )}
        <button type="button" onClick={() => print()}>
          Print
        </button>
        {stored && session.role === 'admin' && !page.live && (
          <button type="button" class="danger" onClick={() => void erase()}>
            Erase
          </button>
        )}
      </div>
      {fault !== undefined && <Failure error={fault} />}
      {page.notes.length > 0 && (
        <details class="notes">
          <summary>
            {page.notes.length} {page.notes.length === 1 ? 'note' : 'notes'} on reading this recording
          </summary>
          <ul>
            {page.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
