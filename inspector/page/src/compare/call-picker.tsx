/** Choosing a call by the words that find it. */
import { useEffect, useState } from 'preact/hooks';
import type { FoundCalls } from '../../../contract.ts';
import { api } from '../api.ts';
import { clock, day, duration } from '../format.ts';
import { Failure } from '../parts/notice.tsx';

const shown = 8;
/** While somebody types. */
const settleMs = 250;

export function CallPicker({ label, onPick }: { label: string; onPick: (callId: string) => void }) {
  const [typed, setTyped] = useState('');
  const [found, setFound] = useState<FoundCalls>();
  const [fault, setFault] = useState<unknown>();
  useEffect(() => {
    const control = new AbortController();
    const timer = setTimeout(
      () =>
        api.find(typed, '0', control.signal).then(setFound, (error: unknown) => {
          if (!control.signal.aborted) setFault(error);
        }),
      found ? settleMs : 0,
    );
    return () => {
      control.abort();
      clearTimeout(timer);
    };
  }, [typed]);
  return (
    <div class="picker">
      <label>
        {label}{' '}
        <input
          type="search"
          value={typed}
          maxLength={500}
          placeholder="name, room, id, time …"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      {fault !== undefined && <Failure error={fault} />}
      {found && found.calls.length === 0 && <p class="soft">No call has all of this.</p>}
      <ul>
        {found?.calls.slice(0, shown).map((call) => (
          <li key={call.callId}>
            <button type="button" class="quiet" onClick={() => onPick(call.callId)}>
              {day(call.startedAt)} {clock(call.startedAt)}, {duration(call.lastSeenAt - call.startedAt)}:{' '}
              {call.names.join(', ') || call.callId}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
