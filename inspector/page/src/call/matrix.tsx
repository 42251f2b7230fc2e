/** Who heard and saw whom how well: senders in rows, receivers in columns. A cell leads to the charts of that way. */
import { useState } from 'preact/hooks';
import type { CallPage, Cell } from '../../../contract.ts';
import { duration, percent, score } from '../format.ts';
import { gradeLabel, gradeOf, grades } from '../quality.ts';
import type { Focus } from './call-view.tsx';

type Shown = 'audio' | 'video';

interface Props {
  readonly page: CallPage;
  readonly focus: Focus;
  readonly onPick: (receiver: string, sender: string) => void;
}

export function Matrix({ page, focus, onPick }: Props) {
  const [shown, setShown] = useState<Shown>(() => worseKind(page));
  const cells = page.cells.filter((cell) => cell.kind === shown);
  const receivers = page.people.filter((p) => cells.some((c) => c.receiverId === p.participantId));
  const senderIds = [...new Set(cells.map((c) => c.senderId))];
  const senders = [
    ...page.people
      .filter((p) => senderIds.includes(p.participantId))
      .map((p) => ({ id: p.participantId, name: p.name })),
    ...(senderIds.includes('') ? [{ id: '', name: 'others' }] : []),
  ];
  return (
    <section class="card matrix-card" aria-labelledby="matrix-title">
      <div class="card-head">
        <h2 id="matrix-title">Who {shown === 'audio' ? 'heard' : 'saw'} whom how well</h2>
        <fieldset class="toggle">
          <legend class="unseen">Kind of media</legend>
          {(['audio', 'video'] as const).map((kind) => (
            <button key={kind} type="button" aria-pressed={shown === kind} onClick={() => setShown(kind)}>
              {kind === 'audio' ? 'Sound' : 'Video'}
            </button>
          ))}
        </fieldset>
      </div>
      {cells.length === 0 ? (
        <p class="soft">Nobody {shown === 'audio' ? 'heard' : 'saw'} anybody long enough to score it.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section class="scroll" tabIndex={0} aria-label="Matrix of senders and receivers">
          <table class={`matrix${receivers.length > 8 ? ' dense' : ''}`}>
            <thead>
              <tr>
                <th scope="col" class="corner">
                  sender ↓ receiver →
                </th>
                {receivers.map((person) => (
                  <th key={person.participantId} scope="col" title={person.name}>
                    {person.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {senders.map((sender) => (
                <tr key={sender.id}>
                  <th scope="row" title={sender.name}>
                    {sender.name}
                  </th>
                  {receivers.map((receiver) => (
                    <td key={receiver.participantId}>
                      <CellButton
                        cells={cells.filter(
                          (c) => c.senderId === sender.id && c.receiverId === receiver.participantId,
                        )}
                        names={`${receiver.name} ${shown === 'audio' ? 'heard' : 'saw'} ${sender.name}`}
                        chosen={
                          focus.participant === receiver.participantId &&
                          focus.sender === sender.id &&
                          sender.id !== ''
                        }
                        onPick={() => onPick(receiver.participantId, sender.id)}
                      />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <ul class="legend" aria-label="Scale">
        {grades
          .filter(({ grade }) => grade !== 'none')
          .map(({ grade, label, range }) => (
            <li key={grade}>
              <span class={`swatch ${grade}`} /> {label} <span class="soft">{range}</span>
            </li>
          ))}
      </ul>
    </section>
  );
}

function CellButton(props: { cells: readonly Cell[]; names: string; chosen: boolean; onPick: () => void }) {
  const { cells, names } = props;
  // A camera and a screen of one sender: the worse of the two stands there.
  const cell = cells.toSorted((a, b) => (a.mos ?? 9) - (b.mos ?? 9))[0];
  if (!cell) return <span class="cell empty" />;
  const grade = gradeOf(cell.mos);
  const told =
    cell.mos === null
      ? `${names}: no score, ${cell.unclassified}`
      : `${names}: ${score(cell.mos)} on average (${gradeLabel(grade)}), worst ${score(cell.worst)}, bad for ${duration(cell.badMs)}` +
        (cell.lossRatio === null ? '' : `, ${percent(cell.lossRatio)} of packets lost`) +
        (cell.delayMs === null ? '' : `, ${Math.round(cell.delayMs)} ms late`);
  return (
    <button
      type="button"
      class={`cell ${grade}`}
      title={told}
      aria-pressed={props.chosen}
      onClick={props.onPick}
    >
      <span>
        <span class="unseen">{names}: </span>
        {score(cell.mos)}
      </span>
      {cell.badMs > 0 && <small> {duration(cell.badMs)} bad</small>}
    </button>
  );
}

function worseKind(page: CallPage): Shown {
  const bad = (kind: Shown) => page.cells.filter((c) => c.kind === kind).reduce((sum, c) => sum + c.badMs, 0);
  return bad('video') > 0 && bad('audio') === 0 ? 'video' : 'audio';
}
