/** Raw samples of one participant in the span that the charts show, as they are stored: read when it is opened. */
import { useState } from 'preact/hooks';
import { type CallPage, sampleKinds } from '../../../contract.ts';
import { api } from '../api.ts';
import { clock, words } from '../format.ts';
import { Failure } from '../parts/notice.tsx';
import type { Focus, Span } from './call-view.tsx';
import { usePaged } from './paged.ts';

const isId = (column: string): boolean => /_id$|_identifier$/.test(column);

export function SamplesPanel({ page, focus, whole }: { page: CallPage; focus: Focus; whole: Span }) {
  const [open, setOpen] = useState(false);
  const [kind, setKind] = useState<string>(sampleKinds[0]);
  const { participant } = focus;
  const { from, to } = focus.span ?? whole;
  const { rows, fault, more } = usePaged(
    (cursor, signal) => api.samples(page.callId, { participant, kind, from, to, cursor }, signal),
    open && participant !== '',
    [participant, kind, from, to, page.callId],
  );
  // Numbers first: what all rows of a stream have in common says little.
  const columns = [...new Set((rows ?? []).flatMap((row) => Object.keys(row)))]
    .filter((column) => column !== 'time')
    .toSorted((a, b) => Number(isId(a)) - Number(isId(b)));
  const name = page.people.find((p) => p.participantId === participant)?.name ?? 'nobody';
  return (
    <details class="card events" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h2>Raw samples</h2>
      </summary>
      <label>
        Of {name}, in the span of the charts:{' '}
        <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
          {sampleKinds.map((one) => (
            <option key={one} value={one}>
              {words(one)}
            </option>
          ))}
        </select>
      </label>
      {fault !== undefined && <Failure error={fault} />}
      {rows && rows.length === 0 && <p class="soft">There are none.</p>}
      {rows && rows.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section class="scroll events-list samples-list" tabIndex={0} aria-label="Samples">
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">time</th>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, index) => (
                <tr key={`${row.time} ${index}`}>
                  <td>{clock(Number(row.time))}</td>
                  {columns.map((column) => (
                    <td key={column}>{row[column] === undefined ? '' : String(row[column])}</td>
                  ))}
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
