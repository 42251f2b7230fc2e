/** Everything that was told of the call, raw: read when it is opened. */
import { useState } from 'preact/hooks';
import type { CallPage } from '../../../contract.ts';
import { api } from '../api.ts';
import { clock } from '../format.ts';
import { Failure } from '../parts/notice.tsx';
import { usePaged } from './paged.ts';

export function EventsPanel({ page, participant }: { page: CallPage; participant: string }) {
  const [open, setOpen] = useState(false);
  const [all, setAll] = useState(true);
  const who = all ? '' : participant;
  const {
    rows: events,
    fault,
    more,
  } = usePaged(
    async (cursor, signal) => {
      const { events, next } = await api.events(page.callId, who, cursor, signal);
      return { rows: events, next };
    },
    open,
    [who, page.callId],
  );
  const nameOf = (id: string) => page.people.find((p) => p.participantId === id)?.name ?? id;
  return (
    <details class="card events" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h2>Raw events</h2>
      </summary>
      <label>
        <input type="checkbox" checked={!all} onChange={(event) => setAll(!event.currentTarget.checked)} />{' '}
        only of {nameOf(participant)}
      </label>
      {fault !== undefined && <Failure error={fault} />}
      {events && events.length === 0 && <p class="soft">Nothing was told.</p>}
      {events && events.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section class="scroll events-list" tabIndex={0} aria-label="Events">
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col">Details</th>
              </tr>
            </thead>
            <tbody>
              {events.map((event, index) => (
                <tr key={`${event.time} ${index}`}>
                  <td>{clock(event.time)}</td>
                  <td>{nameOf(event.participantId)}</td>
                  <td>
                    <code>{event.name.replace(/^rtc\./, '')}</code>
                  </td>
                  <td class="long">
                    {Object.entries(event.attributes)
                      .filter(([key, value]) => value !== '' && !/^(service|user_agent|browser)\./.test(key))
                      .map(([key, value]) => `${key} ${value}`)
                      .join(', ')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {more && (
        <button type="button" onClick={more}>
          Show more
        </button>
      )}
    </details>
  );
}
