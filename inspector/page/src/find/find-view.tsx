/** Finding a call: the worst first. The box is in the header; what is in it stands in the address. */
import { useEffect, useState } from 'preact/hooks';
import type { FoundCall, FoundCalls } from '../../../contract.ts';
import { api } from '../api.ts';
import { clock, day, duration, percent, shortClock, words } from '../format.ts';
import { GradeChip } from '../parts/grade.tsx';
import { Failure, Notice } from '../parts/notice.tsx';
import { onLink } from '../router.ts';

/** New calls come in while one looks. */
const renewMs = 10_000;
const examples = ['bad today', 'freeze', 'downlink', 'live', 'good 2h'];

export function FindView({ typed }: { typed: string }) {
  const [found, setFound] = useState<FoundCalls>();
  const [fault, setFault] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    document.title = typed ? `${typed} – Callscope` : 'Calls – Callscope';
    const control = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      try {
        const fresh = await api.find(typed, '0', control.signal);
        setFound((known) => (known && known.calls.length > fresh.calls.length ? known : fresh));
        setFault(undefined);
      } catch (error) {
        if (control.signal.aborted) return;
        setFault(error);
        return;
      }
      if (!document.hidden) timer = setTimeout(() => void look(), renewMs);
    };
    setFound(undefined);
    void look();
    return () => {
      control.abort();
      clearTimeout(timer);
    };
  }, [typed, attempt]);

  const more = async () => {
    if (!found?.next) return;
    try {
      const next = await api.find(typed, found.next, new AbortController().signal);
      setFound({ ...next, calls: [...found.calls, ...next.calls] });
    } catch (error) {
      setFault(error);
    }
  };

  return (
    <main class="find">
      <div class="headline">
        <h1>{typed ? 'Calls found' : 'Calls of the last month'}</h1>
        <p class="soft" role="status">
          {found ? told(found) : ' '}
        </p>
        <p class="examples">
          Try:{' '}
          {examples.map((example) => (
            <a key={example} href={`/?q=${encodeURIComponent(example)}`} onClick={onLink}>
              {example}
            </a>
          ))}
        </p>
      </div>
      {fault !== undefined && <Failure error={fault} again={() => setAttempt(attempt + 1)} />}
      {found && found.calls.length === 0 && <NothingFound typed={typed} />}
      {(!found || found.calls.length > 0) && fault === undefined && (
        <div class="card table-card">
          <table class="calls">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col" class="number" title="Worst minute of what anybody heard">
                  Heard
                </th>
                <th scope="col" class="number" title="Worst minute of what anybody saw">
                  Seen
                </th>
                <th scope="col" class="number">
                  Bad time
                </th>
                <th scope="col">Issues</th>
              </tr>
            </thead>
            <tbody aria-busy={!found}>
              {found ? found.calls.map((call) => <CallRow key={call.callId} call={call} />) : <Skeleton />}
            </tbody>
          </table>
        </div>
      )}
      {found?.next && (
        <button type="button" onClick={() => void more()}>
          Show more
        </button>
      )}
    </main>
  );
}

function told({ total, understood }: FoundCalls): string {
  const count = `${total} ${total === 1 ? 'call' : 'calls'}, the worst first`;
  return understood.length > 0 ? `${count}: ${understood.join(', ')}` : count;
}

function CallRow({ call }: { call: FoundCall }) {
  const address = `/calls/${encodeURIComponent(call.callId)}`;
  const names = call.names.join(', ') || call.callId;
  const more = call.participants - call.names.length;
  return (
    <tr>
      <td class="when">
        <a href={address} onClick={onLink} title={call.callId}>
          <time dateTime={new Date(call.startedAt).toISOString()} title={clock(call.startedAt)}>
            {day(call.startedAt)} {shortClock(call.startedAt)}
          </time>
        </a>
        <span class="soft">
          {call.live ? <b class="live">live</b> : duration(call.lastSeenAt - call.startedAt)}
        </span>
      </td>
      <td class="who">
        <a href={address} onClick={onLink}>
          {names}
          {more > 0 ? ` and ${more} more` : ''}
        </a>
        <span class="soft">{call.roomId}</span>
      </td>
      <td class="number">
        <GradeChip mos={call.audioWorstMinute} what="Heard, worst minute" />
      </td>
      <td class="number">
        <GradeChip mos={call.videoWorstMinute} what="Seen, worst minute" />
      </td>
      <td class="number">{percent(call.badRatio)}</td>
      <td class="issues">
        {call.issues.length === 0 ? (
          <span class="soft">none</span>
        ) : (
          <>
            {call.issues.slice(0, 3).map(({ kind, severity, count }) => (
              <span key={kind} class={`tag ${severity}`} title={severity}>
                {words(kind)}
                {count > 1 ? ` ×${count}` : ''}
              </span>
            ))}
            {call.issues.length > 3 && <span class="soft">and {call.issues.length - 3} more</span>}
          </>
        )}
      </td>
    </tr>
  );
}

const skeletonRows = [0, 1, 2, 3, 4, 5];
const Skeleton = () => (
  <>
    {skeletonRows.map((row) => (
      <tr key={row} class="skeleton">
        <td colSpan={6}>
          <span />
        </td>
      </tr>
    ))}
  </>
);

function NothingFound({ typed }: { typed: string }) {
  return typed === '' ? (
    <Notice title="There are no calls yet">
      <p>Start one from the link that Callscope printed; it shows here within half a minute.</p>
      <p>
        Or drop a recording on this page: a webrtc-internals dump, an rtcstats dump or an export of Callscope.
      </p>
    </Notice>
  ) : (
    <Notice title="No call has all of this">
      <p>Take a word away, or look further back: without a time, the last month is searched.</p>
      <p>
        Times are written <code>today</code>, <code>yesterday</code>, <code>2h</code>, <code>10:02</code> or{' '}
        <code>2026-11-25</code>.
      </p>
    </Notice>
  );
}
