/** Who they were and how they were connected: devices, ways taken, candidates. */
import { useState } from 'preact/hooks';
import type { CallPage, Person, Way } from '../../../contract.ts';
import { api } from '../api.ts';
import { clock } from '../format.ts';
import { GradeChip } from '../parts/grade.tsx';
import { Failure } from '../parts/notice.tsx';

interface Props {
  readonly page: CallPage;
  readonly participant: string;
  readonly onPick: (participant: string) => void;
  /** Undefined: who looks at it may not erase, or there is nothing to erase yet. */
  readonly onErased: ((participant: string) => void) | undefined;
}

export function DetailsPanel({ page, participant, onPick, onErased }: Props) {
  const person = page.people.find((p) => p.participantId === participant);
  return (
    <section class="card" aria-labelledby="people-title">
      <h2 id="people-title">People</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="People of this call">
        <table class="plain people">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Heard</th>
              <th scope="col">Seen</th>
              <th scope="col">Browser</th>
              <th scope="col">Way</th>
              <th scope="col">There</th>
            </tr>
          </thead>
          <tbody>
            {page.people.map((p) => (
              <tr key={p.participantId} class={p.participantId === participant ? 'chosen' : ''}>
                <th scope="row">
                  <button
                    type="button"
                    class="link"
                    title={p.participantId}
                    onClick={() => onPick(p.participantId)}
                  >
                    {p.name}
                  </button>
                </th>
                <td>
                  <GradeChip mos={p.audio.worstMinute} what="Heard, worst minute" />
                </td>
                <td>
                  <GradeChip mos={p.video.worstMinute} what="Seen, worst minute" />
                </td>
                <td>{[p.browser, p.platform, p.region].filter(Boolean).join(', ') || 'not told'}</td>
                <td>{lastWay(p)}</td>
                <td>
                  {clock(p.joinedAt)} to{' '}
                  {p.leftAt === null ? (page.live ? 'now' : 'the end') : clock(p.leftAt)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {person && onErased && (
        <EraseButton key={participant} page={page} person={person} onErased={onErased} />
      )}
      {person && person.ways.length > 0 && (
        <>
          <h3>Ways that {person.name} took</h3>
          <ul class="ways">
            {person.ways.map((way) => (
              <li key={`${way.time} ${way.transportId}`}>
                <time>{clock(way.time)}</time> {wayWords(way)}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function EraseButton(props: { page: CallPage; person: Person; onErased: (participant: string) => void }) {
  const { page, person, onErased } = props;
  const [fault, setFault] = useState<unknown>();
  const erase = async () => {
    const sure = confirm(
      `Erase ${person.name} from this call? What was measured of them will be gone for good, and their name from what is said of others.`,
    );
    if (!sure) return;
    try {
      await api.eraseParticipant(page.callId, person.participantId);
      onErased(person.participantId);
    } catch (error) {
      setFault(error);
    }
  };
  return (
    <>
      <button type="button" class="danger" onClick={() => void erase()}>
        Erase {person.name}
      </button>
      {fault !== undefined && <Failure error={fault} />}
    </>
  );
}

function lastWay({ ways }: Person): string {
  const last = ways.at(-1);
  if (!last) return 'not told';
  const relay = last.localType === 'relay' || last.remoteType === 'relay';
  return `${relay ? 'relay' : 'direct'}, ${(last.relayProtocol || last.protocol || '?').toUpperCase()}`;
}

const wayWords = (way: Way): string =>
  `${way.localType || '?'} to ${way.remoteType || '?'} over ${(way.protocol || '?').toUpperCase()}` +
  (way.relayProtocol ? `, to the relay over ${way.relayProtocol.toUpperCase()}` : '');
